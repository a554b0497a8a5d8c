package perdure.model;

import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Rotary positions (Su et al. 2021, section 3.4) in Hugging Face's rotate-half layout: the pair of values
 * {@code j} and {@code j + D/2} of a head is rotated by an angle of position / theta^(2j/D), whose frequency {@link
 * RotaryScaling} may change.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code H} heads of queries and keys together, {@code D} head size.
 */
final class RotaryEmbedding implements AutoCloseable {

    private final int context;
    private final int headSize;
    private final RotaryConfig config;

    /** [context, 1, D] each, on the device of the last call; the first half of the sines is negative. */
    private Tensor cosines;

    private Tensor sines;

    RotaryEmbedding(ModelConfig config) {
        context = config.context();
        headSize = config.headSize();
        this.config = config.attention().rotary();
    }

    /** Rotates the heads x [B, T, H, D] by their positions {@code from … from + T - 1}; differentiable. */
    Tensor apply(Tensor x, long from) {
        tables(x.device());
        long time = x.size(1);
        Tensor cosine = cosines.narrow(0, from, time); // (T, 1, D)
        Tensor sine = sines.narrow(0, from, time); // (T, 1, D)
        Tensor swapped = x.roll(new long[] {headSize / 2}, 3); // (B, T, H, D): the second half first
        return x.mul(cosine).addcmul_(swapped, sine);
    }

    /**
     * Rotates the first heads of every row of x [B, T, …] by their positions from 0 on, in place, where a GPU's kernel
     * does so; the tape, if not null, records the backward pass. Else it does nothing and returns false.
     */
    boolean rotateInPlace(Tensor x, long heads, Tape tape) {
        FusedKernels kernels = GradMode.is_enabled() ? null : FusedKernels.of(x, headSize / 2, x.size(-1));
        if (kernels == null) {
            return false;
        }
        rotateInPlace(kernels, x, heads, 1);
        if (tape != null) {
            // Forward:  y = R·x with a rotation R
            // Backward: dx = Rᵀ·dy, the rotation back.
            tape.record(gradient -> {
                Tensor whole = gradient.contiguous();
                rotateInPlace(kernels, whole, heads, -1);
                return whole;
            });
        }
        return true;
    }

    /** As {@link #rotateInPlace(Tensor, long, Tape)} without a backward pass; sign -1 rotates back. */
    void rotateInPlace(FusedKernels kernels, Tensor x, long heads, int sign) {
        tables(x.device());
        kernels.rotate(x, cosines, sines, heads, sign);
    }

    /** {@link FusedKernels#joined} of the gradients of queries, keys and values, of which the first two are rotated back. */
    Tensor rotatedBack(FusedKernels kernels, Tensor like, TensorVector gradients) {
        tables(like.device());
        return kernels.joined(like, gradients, cosines, sines);
    }

    private synchronized void tables(Device device) {
        if (cosines != null && cosines.device().equals(device)) {
            return;
        }
        close();
        try (PointerScope scope = new PointerScope()) {
            Tensor exponents = torch.arange(new Scalar(0.0), new Scalar(headSize), new Scalar(2.0)) // (D/2)
                    .to(ScalarType.Double)
                    .div(new Scalar((double) headSize));
            Tensor frequencies =
                    torch.pow(new Scalar(config.theta()), exponents).reciprocal(); // (D/2)
            scale(frequencies);
            Tensor positions = torch.arange(new Scalar(context)).to(ScalarType.Double);
            Tensor angles = torch.outer(positions, frequencies).unsqueeze(1); // (context, 1, D/2)
            Tensor cosine = angles.cos().to(device, ScalarType.Float);
            Tensor sine = angles.sin().to(device, ScalarType.Float);
            cosines = torch.cat(new TensorVector(cosine, cosine), 2).retainReference(); // (context, 1, D)
            sines = torch.cat(new TensorVector(sine.neg(), sine), 2).retainReference(); // (context, 1, D)
        }
    }

    private void scale(Tensor frequencies) {
        double[] values = new double[headSize / 2];
        DoublePointer memory = frequencies.data_ptr_double();
        memory.get(values);
        memory.put(Arrays.stream(values).map(config.scaling()::scaled).toArray());
    }

    @Override
    public void close() {
        if (cosines != null) {
            cosines.close();
            sines.close();
            cosines = null;
        }
    }
}
