package perdure.model;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The product of activations with the transpose of a weight, the bulk of all arithmetic. Float32 on the CPU goes to
 * oneDNN, which is part of libtorch and uses AVX-512 on every processor that has it; MKL does so on Intel's alone. Its
 * operator on plain tensors copies nothing but records no graph: where autograd records, BLAS multiplies, and where the
 * gradients are made by hand ({@link Tape}), oneDNN makes them too. Few rows stay with BLAS. libtorch's own switch
 * (userEnabledMkldnn) turns oneDNN off.
 *
 * <p>Another operator of oneDNN 3.7.1, which libtorch 2.10 contains, is wrong for many widths on AVX-512. This one has
 * not been found so; still, the first products with every shape of weight are held against BLAS, and a shape that differs
 * stays there.
 *
 * <p>Shapes: {@code R} rows, {@code K} inputs, {@code N} outputs.
 */
final class Linear {

    private static final int FEWEST_ROWS = 32;

    /** Largest difference to BLAS, of the largest result: rounding stays far below, a wrong product far above. */
    private static final double TOLERANCE = 1e-3;

    /** Whether oneDNN's result has agreed with BLAS's, by operation and shape of the weight. */
    private static final Map<List<Object>, Boolean> RIGHT = new ConcurrentHashMap<>();

    /** oneDNN's product, with the arguments that are the same for all: no bias, and no function of the result. */
    private static final class Product {

        private static final BoxedOperator LINEAR = new BoxedOperator("mkldnn::_linear_pointwise", "");
        private static final IValue NOTHING = new IValue().retainReference();
        private static final IValue FUNCTION = new IValue("none").retainReference();
        private static final IValue NUMBERS = new IValue(new GenericList(LINEAR.elementType(4))).retainReference();

        static Tensor of(Tensor x, Tensor weight) {
            return LINEAR.call(new IValue(x), new IValue(weight), NOTHING, FUNCTION, NUMBERS, NOTHING)
                    .get(0)
                    .toTensor();
        }
    }

    private Linear() {}

    /** x [..., K] times the transpose of weight [N, K]: [..., N]; differentiable. */
    static Tensor apply(Tensor x, Tensor weight) {
        return faster("product", x, weight, () -> Product.of(x, weight), () -> torch.linear(x, weight));
    }

    /** As {@link #apply(Tensor, Tensor)}, with its step back on the tape, if that is not null. */
    static Tensor apply(Tensor x, Tensor weight, Tape tape) {
        if (tape != null) {
            Tensor input = tape.keep(x);
            tape.record(gradient -> {
                Tensor rows = gradient.flatten(0, -2);
                Tape.add(weight, weightGradient(rows, input.flatten(0, -2), weight));
                return inputGradient(rows, weight).view_as(input);
            });
        }
        return apply(x, weight);
    }

    /** The gradient of x [R, K], given that [R, N] of its product with weight [N, K]. */
    static Tensor inputGradient(Tensor gradient, Tensor weight) {
        return faster(
                "gradient of x",
                gradient,
                weight,
                () -> Product.of(gradient, weight.t()),
                () -> torch.matmul(gradient, weight));
    }

    /** The gradient of weight [N, K], given that [R, N] of its product with x [R, K]. */
    static Tensor weightGradient(Tensor gradient, Tensor x, Tensor weight) {
        return faster(
                "gradient of the weight",
                x,
                weight,
                () -> torch.mkldnn_linear_backward_weights(gradient.to_mkldnn(), x.to_mkldnn(), weight, false)
                        .get0(),
                () -> torch.matmul(gradient.t(), x));
    }

    private static Tensor faster(
            String operation, Tensor x, Tensor weight, Supplier<Tensor> oneDnn, Supplier<Tensor> blas) {
        if (GradMode.is_enabled()
                || !x.is_cpu()
                || x.scalar_type().intern() != ScalarType.Float
                || x.numel() / x.size(-1) < FEWEST_ROWS
                || !Context.hasMKLDNN()
                || !torch.globalContext().userEnabledMkldnn()
                || torch.is_autocast_enabled(DeviceType.CPU)) {
            return blas.get();
        }
        boolean right = RIGHT.computeIfAbsent(
                List.of(operation, weight.size(0), weight.size(1)), key -> near(blas.get(), oneDnn.get()));
        return (right ? oneDnn : blas).get();
    }

    private static boolean near(Tensor expected, Tensor actual) {
        double difference = actual.sub(expected).abs().max().item_double();
        return difference <= TOLERANCE * expected.abs().max().item_double();
    }
}
