package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import perdure.device.LoadedNatives;

/** Both ways to compute the loss, against libtorch's cross entropy and autograd in float64. */
@ExtendWith(LoadedNatives.class)
class CrossEntropyTest {

    private static final long SUM = 2;
    private static final double SCALE = 0.25;
    private static final long ROWS = 11;
    private static final long VOCABULARY = 5000; // more than one chunk of columns

    private interface Way {
        Tensor sum(Tensor hidden, Tensor weight, Tensor targets, CrossEntropy.Gradients gradients);
    }

    private static void agrees(Way way, double tolerance) {
        try (PointerScope scope = new PointerScope()) {
            torch.manual_seed(1);
            Tensor hidden = torch.randn(ROWS, 16);
            Tensor weight = torch.randn(VOCABULARY, 16);
            Tensor targets = torch.randint(VOCABULARY, new long[] {ROWS}).to(ScalarType.Long);
            targets.select(0, 3).fill_(new Scalar(-100));
            targets.select(0, 5).fill_(new Scalar(VOCABULARY - 1));
            Tensor exactHidden = hidden.to(ScalarType.Double).set_requires_grad(true);
            Tensor exactWeight = weight.to(ScalarType.Double).set_requires_grad(true);
            Tensor expected = torch.cross_entropy_loss(
                    torch.linear(exactHidden, exactWeight), targets, new TensorOptional(), SUM, -100, 0);
            expected.mul(new Scalar(SCALE)).backward();

            Tensor hiddenGradient = torch.zeros_like(hidden);
            Tensor weightGradient = torch.zeros_like(weight);
            Tensor scale = torch.full(new long[] {1}, new Scalar(SCALE));
            double sum = way.sum(
                            hidden, weight, targets, new CrossEntropy.Gradients(scale, hiddenGradient, weightGradient))
                    .item_double();
            assertEquals(1, sum / expected.item_double(), tolerance);
            assertTrue(GoldenModel.relativeDifference(hiddenGradient, exactHidden.grad()) < tolerance);
            assertTrue(GoldenModel.relativeDifference(weightGradient, exactWeight.grad()) < tolerance);
            assertEquals(sum, way.sum(hidden, weight, targets, null).item_double(), 1e-6 * sum);
        }
    }

    @Test
    void inChunksOfColumns() {
        agrees(CrossEntropy::sum, 1e-5);
    }

    /** Products in bf16; the loss and the sums of gradients are float32. */
    @Test
    void inChunksOfColumnsWithProductsInBf16() {
        agrees(
                (hidden, weight, targets, gradients) -> CrossEntropy.sum(
                        hidden.to(ScalarType.BFloat16), weight.to(ScalarType.BFloat16), targets, gradients),
                2e-2);
    }

    @Test
    void inBlocksOfWholeRows() {
        agrees(
                (hidden, weight, targets, gradients) ->
                        CrossEntropy.sumInRows(hidden, weight, targets, gradients, 4 * VOCABULARY),
                1e-5);
    }

    @Test
    void inBlocksOfWholeRowsInBf16() {
        agrees(
                (hidden, weight, targets, gradients) -> CrossEntropy.sumInRows(
                        hidden.to(ScalarType.BFloat16),
                        weight.to(ScalarType.BFloat16),
                        targets,
                        gradients,
                        4 * VOCABULARY),
                2e-2);
    }
}
