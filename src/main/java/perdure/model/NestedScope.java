package perdure.model;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A {@link PointerScope} inside the caller's, which outlives none of its tensors but one. Temporary tensors are freed when
 * their computation is done instead of when the caller's scope closes, so that their memory is used again while it is
 * still in the cache. What the backward pass needs stays with the {@link Tape} or with autograd's graph.
 */
final class NestedScope {

    private NestedScope() {}

    /** The result of the computation, in the caller's scope; every other tensor that it made is released. */
    static Tensor evaluate(Supplier<Tensor> computation) {
        Tensor result;
        try (PointerScope scope = new PointerScope()) {
            result = computation.get().retainReference();
        }
        try (result) {
            return new Tensor(result);
        }
    }
}
