package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.device.LoadedNatives;
import perdure.device.Processor;

/** Held against float64, for widths that oneDNN gets wrong on some processors as well, and for sizes of either library. */
@ExtendWith(LoadedNatives.class)
class LinearTest {

    private static final double TOLERANCE = 1e-4;

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 48, 61, 64, 80, 96, 128, 176, 192, 259, 384, 1100, 1152})
    void givesTheProductAndBothGradientsWhateverTheWidth(int outputs) {
        for (int inputs : new int[] {16, 61, 64, 176, 384}) {
            for (int rows : new int[] {1, 33, 100, 512, 1200}) {
                check(rows, inputs, outputs);
            }
        }
    }

    private static void check(int rows, int inputs, int outputs) {
        try (PointerScope scope = new PointerScope()) {
            String shape = rows + "x" + inputs + "x" + outputs;
            Tensor x = torch.randn(1, rows, inputs);
            Tensor weight = torch.randn(outputs, inputs).requires_grad_(true);
            Tensor gradient = torch.randn(1, rows, outputs);
            Tensor exactX = exact(x).squeeze(0);
            Tensor exactGradient = exact(gradient).squeeze(0);
            Tensor product = torch.matmul(exactX, exact(weight).t());
            Tensor xGradient = torch.matmul(exactGradient, exact(weight));
            Tensor weightGradient = torch.matmul(exactGradient.t(), exactX);

            Tensor leaf = x.detach().requires_grad_(true);
            Tensor y = new Linear(new Weight(weight), null).forward(leaf, null);
            y.backward(gradient, new BoolOptional(false), false, new TensorArrayRefOptional());
            same(product, y, "product " + shape);
            same(xGradient, leaf.grad(), "gradient of x " + shape);
            same(weightGradient, weight.grad(), "gradient of the weight " + shape);

            weight.mutable_grad().reset();
            try (NoGradGuard guard = new NoGradGuard();
                    Tape tape = new Tape(Leaf.WHOLE)) {
                same(product, new Linear(new Weight(weight), null).forward(x, tape), "on the tape: product " + shape);
                same(xGradient, tape.backward(gradient), "on the tape: gradient of x " + shape);
                same(weightGradient, weight.grad(), "on the tape: gradient of the weight " + shape);
            }
        }
    }

    /** Rows for either library; two parts, as of gate and up. */
    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    void addsTheBiasWholeAndInPartsAndGivesTheSameGradients(int rows) {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = torch.randn(2, rows, 16);
            Tensor weight = torch.randn(24, 16).requires_grad_(true);
            Tensor bias = torch.randn(24).requires_grad_(true);
            Tensor gradient = torch.randn(2, rows, 24);
            Linear linear = new Linear(new Weight(weight), bias);
            Tensor leaf = x.detach().requires_grad_(true);
            Tensor product = torch.linear(leaf, weight, new TensorOptional(bias));
            product.backward(gradient, new BoolOptional(false), false, new TensorArrayRefOptional());
            Tensor weightGradient = exact(weight.grad());
            Tensor biasGradient = exact(bias.grad());
            for (int parts : new int[] {1, 2}) {
                weight.mutable_grad().reset();
                bias.mutable_grad().reset();
                try (NoGradGuard guard = new NoGradGuard();
                        Tape tape = new Tape(Leaf.WHOLE)) {
                    Linear.Parts made = linear.forwardInParts(x, parts, tape, true);
                    same(exact(product), torch.cat(new TensorVector(made.outputs()), 2), parts + " parts: output");
                    Tensor[] gradients = new Tensor[parts];
                    Arrays.setAll(gradients, part -> gradient.chunk(parts, 2).get(part));
                    same(
                            exact(leaf.grad()),
                            linear.backward(made.saved(), tape, gradients),
                            parts + " parts: gradient of x");
                }
                same(weightGradient, weight.grad(), parts + " parts: gradient of the weight");
                same(biasGradient, bias.grad(), parts + " parts: gradient of the bias");
            }
        }
    }

    /** Both factors of each product are rounded to 8 bits, and so is the result. Sizes beyond the smallest that bf16 takes. */
    @ParameterizedTest
    @ValueSource(ints = {32, 33, 512})
    void multipliesInBf16WithFloat32GradientsOfParameters(int rows) {
        try (PointerScope scope = new PointerScope()) {
            torch.manual_seed(rows);
            for (int outputs : new int[] {1024, 1101}) {
                Tensor x = torch.randn(1, rows, 64);
                Tensor values = torch.randn(outputs, 64).requires_grad_(true);
                Tensor bias = torch.randn(outputs).requires_grad_(true);
                Tensor gradient = torch.randn(1, rows, outputs);
                Tensor exactGradient = exact(gradient).squeeze(0);
                try (NoGradGuard guard = new NoGradGuard();
                        Tape tape = new Tape(Leaf.WHOLE);
                        Weight weight = new Weight(values)) {
                    weight.multiplyInBf16(true);
                    Tensor y = new Linear(weight, bias).forward(x, tape);
                    assertEquals(ScalarType.BFloat16, y.scalar_type().intern());
                    rounded(torch.linear(exact(x), exact(values), new TensorOptional(exact(bias))), y, "product");
                    rounded(
                            torch.matmul(exactGradient, exact(values)),
                            tape.backward(gradient),
                            "gradient of x, of " + outputs);
                    rounded(
                            torch.matmul(exactGradient.t(), exact(x).squeeze(0)),
                            values.grad(),
                            "gradient of the weight of " + outputs);
                    rounded(exactGradient.sum(0), bias.grad(), "gradient of the bias");
                    assertEquals(ScalarType.Float, values.grad().scalar_type().intern());
                    assertEquals(ScalarType.Float, bias.grad().scalar_type().intern());
                }
            }
        }
    }

    /** Whatever type the layer before has given. */
    @Test
    void smallProductsStayFloat32() {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard();
                Weight weight = new Weight(torch.randn(64, 64))) {
            weight.multiplyInBf16(true);
            Linear linear = new Linear(weight, null);
            for (ScalarType type : List.of(ScalarType.Float, ScalarType.BFloat16)) {
                Tensor x = torch.randn(511, 64).to(type);
                Tensor y = linear.forward(x, null);
                assertEquals(ScalarType.Float, y.scalar_type().intern());
                same(torch.matmul(exact(x), exact(weight.values()).t()), y, "product");
                assertEquals(
                        ScalarType.BFloat16,
                        linear.forward(torch.randn(512, 64).to(type), null)
                                .scalar_type()
                                .intern());
            }
        }
    }

    /** Reading the matrix takes the time of such a product. */
    @Test
    void aLargeMatrixIsReadInBf16ByOneRowToo() {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard();
                Weight weight = new Weight(torch.randn(8192, 64))) {
            weight.multiplyInBf16(true);
            Tensor x = torch.randn(1, 64);
            Tensor y = new Linear(weight, null).forward(x, null);
            assertEquals(ScalarType.BFloat16, y.scalar_type().intern());
            rounded(torch.matmul(exact(x), exact(weight.values()).t()), y, "product");
        }
    }

    /** oneDNN lays the matrix out anew and rounds as before. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 33, 512})
    void aPackedCopyGivesTheSameProducts(int rows) {
        assumeTrue(Processor.current().multipliesBf16());
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            torch.manual_seed(rows);
            for (int outputs : new int[] {8192, 8261}) {
                try (Weight weight = new Weight(torch.randn(outputs, 72))) {
                    weight.packCopy(); // without a copy there is nothing to do
                    weight.multiplyInBf16(true);
                    Linear linear = new Linear(weight, torch.randn(outputs));
                    Tensor x = torch.randn(2, rows, 72);
                    Tensor plain = linear.forward(x, null);
                    weight.packCopy();
                    weight.packCopy();
                    assertTrue(weight.inTypeOf(plain).is_mkldnn());
                    rounded(exact(plain), linear.forward(x, null), "product of " + outputs);
                }
            }
        }
    }

    @Test
    void aMatrixOfMiddleSizeIsReadInBf16ByOneRowIfItIsPacked() {
        assumeTrue(Processor.current().multipliesBf16());
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard();
                Weight weight = new Weight(torch.randn(512, 256));
                Weight smaller = new Weight(torch.randn(511, 256))) {
            Tensor x = torch.randn(1, 256);
            weight.multiplyInBf16(true);
            assertEquals(ScalarType.Float, weight.factor(x, 512).scalar_type().intern());
            weight.packCopy();
            assertEquals(
                    ScalarType.BFloat16, weight.factor(x, 512).scalar_type().intern());
            smaller.multiplyInBf16(true);
            smaller.packCopy();
            assertEquals(ScalarType.Float, smaller.factor(x, 511).scalar_type().intern());
        }
    }

    @Test
    void theCopyInBf16FollowsTheMatrixWhenItIsRenewed() {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            Tensor values = torch.randn(3, 4).requires_grad_(true);
            Tensor factor = torch.ones(1, 4).to(ScalarType.BFloat16);
            try (Weight weight = new Weight(values)) {
                assertSame(values, weight.inTypeOf(factor));
                weight.renew();
                weight.multiplyInBf16(true);
                Tensor before = values.to(ScalarType.BFloat16);
                values.add_(new Scalar(1));
                assertTrue(weight.inTypeOf(factor).equal(before));
                weight.renew();
                assertTrue(weight.inTypeOf(factor).equal(values.to(ScalarType.BFloat16)));
                assertSame(values, weight.inTypeOf(torch.ones(1, 4)));
                weight.multiplyInBf16(false);
                assertSame(values, weight.inTypeOf(factor));
            }
        }
    }

    private static void rounded(Tensor expected, Tensor actual, String what) {
        same(expected, actual, 1.0 / 128, what);
    }

    private static Tensor exact(Tensor tensor) {
        return tensor.detach().to(ScalarType.Double);
    }

    private static void same(Tensor expected, Tensor actual, String what) {
        same(expected, actual, TOLERANCE, what);
    }

    private static void same(Tensor expected, Tensor actual, double tolerance, String what) {
        double largest = expected.abs().max().item_double();
        double difference =
                exact(actual).view_as(expected).sub(expected).abs().max().item_double();
        assertTrue(difference <= tolerance * largest, () -> what + " differs by " + difference + " of " + largest);
    }
}
