package perdure.checkpoint;

import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.device.NativeRuntime;

/** Small tensors for tests. */
public final class Tensors {

    static {
        NativeRuntime.load();
    }

    private Tensors() {}

    /** 0, 1, 2, … */
    public static Tensor range(ScalarType type, int count) {
        return torch.arange(new Scalar(count), new TensorOptions(ScalarType.Long))
                .to(type);
    }

    public static Tensor zeros(ScalarType type, long... shape) {
        return torch.zeros(shape, new TensorOptions(type));
    }

    /** Whether two tensors are equal in shape, type and every value. */
    public static boolean same(Tensor left, Tensor right) {
        return left.scalar_type().intern() == right.scalar_type().intern() && left.equal(right);
    }

    public static boolean same(Map<String, Tensor> left, Map<String, Tensor> right) {
        return left.keySet().equals(right.keySet())
                && left.keySet().stream().allMatch(name -> same(left.get(name), right.get(name)));
    }
}
