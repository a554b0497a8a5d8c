package perdure.model;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The product of activations with the transpose of a weight, the bulk of all arithmetic. Float32 on the CPU goes to
 * oneDNN, which is part of libtorch and uses AVX-512 on every processor that has it; MKL does so on Intel's alone. To
 * oneDNN's layout and back is a copy each, so few rows stay with BLAS. libtorch's own switch (userEnabledMkldnn) turns
 * oneDNN off.
 *
 * <p>oneDNN 3.7.1, which libtorch 2.10 contains, multiplies wrongly on AVX-512 with a weight whose rows are not a
 * multiple of 64, for some numbers of rows of x and not for others: such weights stay with BLAS. Should it be wrong
 * elsewhere on another processor: the first products with every shape of weight are held against BLAS, and a shape that
 * differs stays there too.
 *
 * <p>Shapes: {@code R} rows, {@code K} inputs, {@code N} outputs.
 */
final class Linear {

    private static final int FEWEST_ROWS = 32;
    private static final int MULTIPLE = 64;

    /** Largest difference to BLAS, of the largest result: rounding stays far below, a wrong product far above. */
    private static final double TOLERANCE = 1e-3;

    /** Whether oneDNN multiplies rightly with weights of (N, K). */
    private static final Map<List<Long>, Boolean> RIGHT = new ConcurrentHashMap<>();

    private Linear() {}

    /** x [..., K] times the transpose of weight [N, K]: [..., N], differentiable. */
    static Tensor apply(Tensor x, Tensor weight) {
        return byOneDnn(x, weight) ? product(x, weight) : torch.linear(x, weight);
    }

    /**
     * Adds what {@code gradient} [R, N], of the product of x [R, K] and weight [N, K], makes of the gradients of the two.
     * Records no graph.
     */
    static void backward(Tensor gradient, Tensor x, Tensor weight, Tensor xGradient, Tensor weightGradient) {
        if (byOneDnn(x, weight)) {
            Tensor converted = gradient.to_mkldnn();
            xGradient.add_(gradientOfInput(converted, x, weight));
            weightGradient.add_(gradientOfWeight(converted, x, weight));
        } else {
            xGradient.add_(torch.matmul(gradient, weight));
            weightGradient.add_(torch.matmul(gradient.t(), x));
        }
    }

    private static boolean byOneDnn(Tensor x, Tensor weight) {
        return x.is_cpu()
                && x.scalar_type().intern() == ScalarType.Float
                && x.numel() / x.size(-1) >= FEWEST_ROWS
                && weight.size(0) % MULTIPLE == 0
                && torch.globalContext().userEnabledMkldnn()
                && !torch.is_autocast_enabled(DeviceType.CPU)
                && RIGHT.computeIfAbsent(List.of(weight.size(0), weight.size(1)), shape -> agrees(x, weight));
    }

    private static Tensor product(Tensor x, Tensor weight) {
        return torch.mkldnn_linear(x.to_mkldnn(), weight, new TensorOptional()).to_dense();
    }

    private static Tensor gradientOfInput(Tensor gradient, Tensor x, Tensor weight) {
        return torch.mkldnn_linear_backward_input(new long[] {x.size(0), x.size(1)}, gradient, weight)
                .to_dense();
    }

    private static Tensor gradientOfWeight(Tensor gradient, Tensor x, Tensor weight) {
        return torch.mkldnn_linear_backward_weights(gradient, x.to_mkldnn(), weight, false)
                .get0();
    }

    /** Holds all three products against BLAS's, on these values. */
    private static boolean agrees(Tensor activations, Tensor weight) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            Tensor x = activations.reshape(-1, weight.size(1)); // (R, K)
            Tensor y = torch.linear(x, weight); // (R, N)
            Tensor converted = y.to_mkldnn();
            return near(y, product(x, weight))
                    && near(torch.matmul(y, weight), gradientOfInput(converted, x, weight))
                    && near(torch.matmul(y.t(), x), gradientOfWeight(converted, x, weight));
        }
    }

    private static boolean near(Tensor expected, Tensor actual) {
        double difference = actual.sub(expected).abs().max().item_double();
        return difference <= TOLERANCE * expected.abs().max().item_double();
    }
}
