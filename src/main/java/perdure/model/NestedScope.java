package perdure.model;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A {@link PointerScope} inside the scope of the caller. When it closes, all its tensors are freed except one. So
 * temporary tensors are freed when their computation is done, not when the scope of the caller closes, and their memory
 * is used again while it is still in the cache. Tensors that the backward pass needs are kept by {@link Tape} or by
 * autograd's graph.
 */
final class NestedScope {

    private NestedScope() {}

    /** The result of the computation, in the scope of the caller; every other tensor that it created is freed. */
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
