package perdure.model;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The three matrix products of a linear layer, which are most of all arithmetic, and the choice of the library that
 * computes them. Forward: Y = X·Wᵀ. Backward: dX = dY·W and dW = dYᵀ·X.
 *
 * <p>Float32 products on the CPU go to oneDNN, a part of libtorch, which uses AVX-512 on every processor that has it;
 * MKL does so only on Intel processors. oneDNN's operator on plain tensors copies nothing but the factors of dW, and
 * records no graph. So BLAS computes all three products where autograd records a graph. Elsewhere {@link Tape} runs the
 * backward pass, also with oneDNN. libtorch's own switch (userEnabledMkldnn) turns oneDNN off.
 *
 * <p>Small products stay with BLAS: oneDNN prepares for longer before it begins. So do gradients of few rows. The
 * outputs of few rows, as in generation, take as long as the matrix is read, and oneDNN reads a large one with all
 * threads. Which library computes a product follows from its shape alone, the same on every machine, so that no bytes
 * depend on a measurement.
 *
 * <p>Products in bf16 go to libtorch's own operators, which call oneDNN and copy nothing. A matrix that never changes can
 * be {@link #packed} for them: one row is then multiplied in half of the time.
 *
 * <p>Another operator of oneDNN 3.7.1, the version in libtorch 2.10, gives wrong results for many widths on AVX-512.
 * This operator has shown no such error. Still, the first product with every shape of weight is compared with BLAS, and
 * shapes that differ stay with BLAS.
 *
 * <p>Shapes: {@code R} rows, {@code K} inputs, {@code N} outputs.
 */
final class MatrixProduct {

    private static final int FEWEST_ROWS = 32;

    /** The smallest R·K·N for which oneDNN pays. */
    private static final long SMALLEST = 4L << 20;

    /** The smallest K·N for which another way pays with any number of rows, since reading the matrix takes the time. */
    static final long LARGE_MATRIX = 512L << 10;

    /**
     * Largest allowed difference to BLAS, relative to the largest result. Rounding stays far below it, and a wrong
     * product is far above.
     */
    private static final double TOLERANCE = 1e-3;

    /** Whether oneDNN's result has agreed with BLAS's, by operation and shape of the weight. */
    private static final Map<List<Object>, Boolean> AGREES = new ConcurrentHashMap<>();

    /** oneDNN's product, with the arguments that never change: no bias, and no activation. */
    private static final class OneDnn {

        private static final BoxedOperator LINEAR = new BoxedOperator("mkldnn::_linear_pointwise", "");
        private static final IValue NOTHING = new IValue().retainReference();
        private static final IValue FUNCTION = new IValue("none").retainReference();
        private static final IValue NUMBERS = new IValue(new GenericList(LINEAR.elementType(4))).retainReference();

        private static final BoxedOperator PACK = new BoxedOperator("mkldnn::_reorder_linear_weight", "");

        static Tensor packed(Tensor weight) {
            return new Tensor(PACK.call(new IValue(weight), new IValue()).get(0).toTensor());
        }

        static Tensor product(Tensor x, Tensor weight) {
            return new Tensor(LINEAR.call(new IValue(x), new IValue(weight), NOTHING, FUNCTION, NUMBERS, NOTHING)
                    .get(0)
                    .toTensor()); // A handle of its own, which outlives the list of results.
        }
    }

    private MatrixProduct() {}

    /** The weight [N, K] in bf16 on the CPU as oneDNN reads it fastest; then only {@link #forward} takes it. */
    static Tensor packed(Tensor weight) {
        return usesOneDnn() ? OneDnn.packed(weight) : weight;
    }

    /**
     * X·Wᵀ of x [..., K] and weight [N, K]: [..., N]; differentiable. A weight of another type is converted. One that is
     * packed takes x of its type, and gives no gradients.
     */
    static Tensor forward(Tensor x, Tensor held) {
        if (held.is_mkldnn()) {
            return OneDnn.product(x, held);
        }
        boolean few = rows(x) < FEWEST_ROWS;
        return converting(
                held,
                x,
                weight -> choose(
                        few ? "product of few rows" : "product",
                        x,
                        weight.size(0),
                        few ? weight.numel() >= LARGE_MATRIX : isLarge(x, weight.size(0)),
                        () -> OneDnn.product(x, weight),
                        () -> torch.linear(x, weight)));
    }

    /** dX = dY·W [R, K], given gradient dY [R, N] and weight [N, K], converted as in {@link #forward}. */
    static Tensor inputGradient(Tensor gradient, Tensor held) {
        return converting(
                held,
                gradient,
                weight -> choose(
                        "gradient of x",
                        gradient,
                        weight.size(1),
                        isLarge(gradient, weight.size(1)),
                        () -> OneDnn.product(gradient, weight.t()),
                        () -> torch.matmul(gradient, weight)));
    }

    /** dW = dYᵀ·X [N, K] in float32, given gradient dY [R, N] and x [R, K] of one type. */
    static Tensor weightGradient(Tensor gradient, Tensor x) {
        if (x.is_cuda() && x.scalar_type().intern() != ScalarType.Float) {
            return torch.mm(gradient.t(), x, ScalarType.Float);
        }
        return choose(
                "gradient of the weight",
                x,
                gradient.size(1),
                isLarge(x, gradient.size(1)),
                () -> OneDnn.product(gradient.t(), x.t()),
                () -> torch.matmul(gradient.t(), x).to(ScalarType.Float));
    }

    /** Adds dW to a sum [N, K] in float32. */
    static void addWeightGradient(Tensor sum, Tensor gradient, Tensor x) {
        if (x.scalar_type().intern() != ScalarType.Float || isLarge(x, gradient.size(1)) && suitsOneDnn(x)) {
            sum.add_(weightGradient(gradient, x));
        } else {
            sum.addmm_(gradient.t(), x);
        }
    }

    /** The product with the weight in the type of x; a copy is freed at once. */
    private static Tensor converting(Tensor held, Tensor x, UnaryOperator<Tensor> product) {
        ScalarType type = x.scalar_type();
        return held.scalar_type().intern() == type.intern()
                ? product.apply(held)
                : NestedScope.evaluate(() -> product.apply(held.to(type)));
    }

    /**
     * @param columns those of the result, for a factor x [R, ...]
     * @param large whether oneDNN pays
     */
    private static Tensor choose(
            String operation, Tensor x, long columns, boolean large, Supplier<Tensor> oneDnn, Supplier<Tensor> blas) {
        if (!large || !suitsOneDnn(x)) {
            return blas.get();
        }
        boolean agrees =
                AGREES.computeIfAbsent(List.of(operation, columns, x.size(-1)), key -> near(blas.get(), oneDnn.get()));
        return (agrees ? oneDnn : blas).get();
    }

    /** @param columns those of the result, for a factor x [R, ...] */
    private static boolean isLarge(Tensor x, long columns) {
        return rows(x) >= FEWEST_ROWS && x.numel() * columns >= SMALLEST;
    }

    private static long rows(Tensor x) {
        return x.numel() / x.size(-1);
    }

    private static boolean suitsOneDnn(Tensor x) {
        return !GradMode.is_enabled() && x.is_cpu() && x.scalar_type().intern() == ScalarType.Float && usesOneDnn();
    }

    private static boolean usesOneDnn() {
        return Context.hasMKLDNN() && torch.globalContext().userEnabledMkldnn();
    }

    /** Overwrites actual. */
    private static boolean near(Tensor expected, Tensor actual) {
        double largest = largest(expected);
        return largest(actual.sub_(expected)) <= TOLERANCE * largest;
    }

    /** The largest magnitude, without a copy of x. */
    private static double largest(Tensor x) {
        return x.norm(new Scalar(Double.POSITIVE_INFINITY)).item_double();
    }
}
