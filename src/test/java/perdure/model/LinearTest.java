package perdure.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.device.LoadedNatives;

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
            Tensor y = new Linear(weight, null).forward(leaf, null);
            y.backward(gradient, new BoolOptional(false), false, new TensorArrayRefOptional());
            same(product, y, "product " + shape);
            same(xGradient, leaf.grad(), "gradient of x " + shape);
            same(weightGradient, weight.grad(), "gradient of the weight " + shape);

            weight.mutable_grad().reset();
            try (NoGradGuard guard = new NoGradGuard();
                    Tape tape = new Tape(Leaf.WHOLE)) {
                same(product, new Linear(weight, null).forward(x, tape), "on the tape: product " + shape);
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
            Linear linear = new Linear(weight, bias);
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
                    Linear.Parts made = linear.forwardInParts(x, parts, tape);
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

    private static Tensor exact(Tensor tensor) {
        return tensor.detach().to(ScalarType.Double);
    }

    private static void same(Tensor expected, Tensor actual, String what) {
        double largest = expected.abs().max().item_double();
        double difference =
                exact(actual).view_as(expected).sub(expected).abs().max().item_double();
        assertTrue(difference <= TOLERANCE * largest, () -> what + " differs by " + difference + " of " + largest);
    }
}
