package perdure.model;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Frees the temporary tensors of a computation when it is done instead of when the caller's scope closes. What the
 * backward pass needs stays with the graph, which gives it back piece by piece, so that memory is used again while it is
 * still in the cache.
 */
final class Temporaries {

    private Temporaries() {}

    /** The result of the computation, in the caller's scope; every other tensor that it made is released. */
    static Tensor freedBy(Supplier<Tensor> computation) {
        Tensor kept;
        try (PointerScope scope = new PointerScope()) {
            kept = computation.get().retainReference();
        }
        try (kept) {
            return new Tensor(kept);
        }
    }
}
