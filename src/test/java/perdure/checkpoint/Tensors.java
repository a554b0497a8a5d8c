package perdure.checkpoint;

import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Small tensors for tests. */
final class Tensors {

    static {
        System.setProperty("org.bytedeco.openblas.load", "mkl");
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
        Loader.load(torch.class);
    }

    private Tensors() {}

    /** 0, 1, 2, … */
    static Tensor range(ScalarType type, int count) {
        return torch.arange(new Scalar(count), new TensorOptions(ScalarType.Long))
                .to(type);
    }

    static Tensor zeros(ScalarType type, long... shape) {
        return torch.zeros(shape, new TensorOptions(type));
    }

    /** Equal in shape, type and every bit of every value, as far as values of that type tell. */
    static boolean same(Tensor left, Tensor right) {
        return left.scalar_type().intern() == right.scalar_type().intern() && left.equal(right);
    }

    static boolean same(Map<String, Tensor> left, Map<String, Tensor> right) {
        return left.keySet().equals(right.keySet())
                && left.keySet().stream().allMatch(name -> same(left.get(name), right.get(name)));
    }
}
