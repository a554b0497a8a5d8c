package perdure.model;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The matrix of a linear layer and, where the model multiplies in bf16, a copy of it in that type. The copy follows the
 * matrix only when it is {@link #renew renewed}.
 *
 * <p>On the CPU small products stay float32: in bf16 they take longer. Which type a product has follows from its shape
 * alone, the same on every machine.
 *
 * <p>Shapes: {@code R} rows, {@code K} inputs, {@code N} outputs.
 */
final class Weight implements AutoCloseable {

    /** The smallest R·K·N for which bf16 pays on the CPU, the conversion of X included. */
    private static final long SMALLEST = 2L << 20;

    /** The smallest K·N for which bf16 pays with any number of rows, if the copy is packed. */
    private static final long LARGE_PACKED = 128L << 10;

    private final Tensor values;
    private Tensor copy; // null: products are float32

    /** @param values [N, K], the caller's; they must outlive this */
    Weight(Tensor values) {
        this.values = values;
    }

    /** The matrix [N, K] that is trained, or frozen. */
    Tensor values() {
        return values;
    }

    boolean isTrained() {
        return values.requires_grad();
    }

    /** Makes the copy in bf16 and uses it from now on, or frees it. */
    void multiplyInBf16(boolean copied) {
        close();
        if (copied) {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                copy = new Tensor(values.detach().to(ScalarType.BFloat16)).retainReference();
            }
        }
    }

    /**
     * Lays the copy out as the CPU reads it fastest. It then serves forward products of all rows of the matrix, and is not
     * renewed.
     */
    void packCopy() {
        if (copy != null && copy.is_cpu() && !copy.is_mkldnn()) {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                Tensor packed = MatrixProduct.packed(copy);
                if (packed != copy) {
                    close();
                    copy = packed.retainReference();
                }
            }
        }
    }

    /** Brings the copy up to date after the matrix has changed; a frozen one never does. */
    void renew() {
        if (copy != null && isTrained()) {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                copy.copy_(values);
            }
        }
    }

    /** x [..., K] in the type in which it is multiplied with {@code outputs} rows of the matrix; rounded if that is bf16. */
    Tensor factor(Tensor x, long outputs) {
        if (copy == null || GradMode.is_enabled()) {
            return x;
        }
        long large = copy.is_mkldnn() ? LARGE_PACKED : MatrixProduct.LARGE_MATRIX;
        boolean small = x.is_cpu() && x.numel() * outputs < SMALLEST && x.size(-1) * outputs < large;
        return x.to(small ? ScalarType.Float : ScalarType.BFloat16);
    }

    /** The type of products on a GPU, where it does not depend on their shape. */
    ScalarType type() {
        return copy == null || GradMode.is_enabled() ? ScalarType.Float : ScalarType.BFloat16;
    }

    /** The matrix [N, K] for a product in that type. */
    Tensor inTypeOf(Tensor factor) {
        return copy != null && factor.scalar_type().intern() == ScalarType.BFloat16 ? copy : values;
    }

    @Override
    public void close() {
        if (copy != null) {
            copy.close();
            copy = null;
        }
    }
}
