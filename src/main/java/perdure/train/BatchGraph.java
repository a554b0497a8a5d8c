package perdure.train;

import java.util.IdentityHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.device.CudaGraph;
import perdure.model.LanguageModel;
import perdure.model.Leaf;

/**
 * The forward and backward pass of batches of one shape, recorded on a GPU once. To replay it takes one call instead of
 * a few hundred, and gives the same bytes. It must not draw random numbers.
 *
 * <p>Shapes: {@code B} batch, {@code T} time.
 */
final class BatchGraph implements AutoCloseable {

    private final Tensor ids; // (B, T)
    private final Tensor targets; // (B, T)
    private final Tensor scale; // (1)
    private final Map<Tensor, Tensor> gradients = new IdentityHashMap<>(); // by weight
    private final CudaGraph graph;
    private Tensor sum; // a scalar

    /**
     * Records the passes of batches like this one. The model must have made some before, so that everything that is
     * made only once is there.
     */
    BatchGraph(LanguageModel model, Device device, Tensor ids, Tensor targets) {
        try (PointerScope own = new PointerScope()) {
            this.ids = ids.clone().retainReference();
            this.targets = targets.clone().retainReference();
            scale = torch.ones(new long[] {1}, ids.options())
                    .to(ScalarType.Float)
                    .retainReference();
            graph = new CudaGraph(device, () -> record(model));
        }
    }

    private void record(LanguageModel model) {
        Leaf leaf = new Leaf() {
            @Override
            public void add(Tensor weight, Tensor gradient) {
                gradients.put(weight, new Tensor(gradient).retainReference());
            }

            @Override
            public Tensor zeros(Tensor weight) {
                return Leaf.WHOLE.zeros(weight);
            }

            @Override
            public Generator generator() {
                return null;
            }
        };
        try (LanguageModel.Loss loss = model.forward(ids, targets, null, scale, leaf)) {
            loss.backward();
            sum = new Tensor(loss.sumOnDevice()).retainReference();
        }
    }

    /** Whether it is one of batches of that shape. */
    boolean fits(Tensor other) {
        return ids.size(0) == other.size(0) && ids.size(1) == other.size(1);
    }

    /**
     * Adds {@code factor} times the gradient of the sum of the token losses to the leaf. Returns that sum in nats: a scalar
     * in float64 on the device, which is the next replay's too.
     *
     * @param alone whether the leaf is the only one of its step, and may have the memory of the gradients until the next
     */
    Tensor replay(Tensor ids, Tensor targets, double factor, Leaf leaf, boolean alone) {
        try (PointerScope own = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            this.ids.copy_(ids);
            this.targets.copy_(targets);
            scale.fill_(new Scalar(factor));
            graph.replay();
            gradients.forEach((weight, gradient) -> leaf.add(weight, alone ? gradient : gradient.clone()));
            return sum;
        }
    }

    @Override
    public void close() {
        graph.close();
        gradients.values().forEach(Tensor::close);
        ids.close();
        targets.close();
        scale.close();
        sum.close();
    }
}
