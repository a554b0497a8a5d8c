package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import perdure.device.LoadedNatives;

/** Against libtorch's attention and autograd in float64. */
@ExtendWith(LoadedNatives.class)
class BlockAttentionTest {

    private static final double TOLERANCE = 0.02;

    @ParameterizedTest
    @CsvSource({"1, 128", "2, 128", "4, 256", "2, 300", "1, 1024"})
    void givesTheResultAndTheGradientsButForRounding(int keyHeads, int time) {
        try (PointerScope scope = new PointerScope()) {
            torch.manual_seed(time);
            List<Tensor> exact = new ArrayList<>();
            List<Tensor> rounded = new ArrayList<>();
            for (int heads : new int[] {4, keyHeads, keyHeads}) {
                // Apart in memory, as the heads of a projection are.
                Tensor values =
                        torch.randn(2, time, heads, 16).to(ScalarType.BFloat16).transpose(1, 2);
                exact.add(values.to(ScalarType.Double).requires_grad_(true));
                rounded.add(values.to(ScalarType.Float).requires_grad_(true));
            }
            Tensor expected = torch.scaled_dot_product_attention(
                    exact.get(0),
                    exact.get(1),
                    exact.get(2),
                    new TensorOptional(),
                    0.0,
                    true,
                    new DoubleOptional(),
                    keyHeads < 4);
            Tensor actual = BlockAttention.attend(rounded.get(0), rounded.get(1), rounded.get(2));
            assertEquals(ScalarType.BFloat16, actual.scalar_type().intern());
            near(expected, actual, "result");
            Tensor gradient = torch.randn_like(expected);
            backward(expected, gradient);
            backward(actual, gradient.to(ScalarType.BFloat16));
            for (int i = 0; i < 3; i++) {
                near(
                        exact.get(i).grad(),
                        rounded.get(i).grad(),
                        List.of("queries", "keys", "values").get(i));
            }
        }
    }

    private static void backward(Tensor result, Tensor gradient) {
        result.backward(gradient, new BoolOptional(false), false, new TensorArrayRefOptional());
    }

    private static void near(Tensor expected, Tensor actual, String what) {
        double difference = GoldenModel.relativeDifference(actual.to(ScalarType.Double), expected);
        assertTrue(difference < TOLERANCE, what + " differ by " + difference);
    }

    /** A query sees no key after it, also across the border of a block. */
    @ParameterizedTest
    @CsvSource({"10", "255", "256", "299"})
    void noTokenSeesALaterOne(int changed) {
        try (PointerScope scope = new PointerScope()) {
            Tensor values = torch.randn(1, 2, 300, 8);
            Tensor before = BlockAttention.attend(values, values, values);
            Tensor other = values.clone();
            other.narrow(2, changed, 1).add_(torch.ones(1, 2, 1, 8));
            Tensor after = BlockAttention.attend(other, other, other);
            assertTrue(before.narrow(2, 0, changed).equal(after.narrow(2, 0, changed)));
            assertTrue(!before.narrow(2, changed, 1).equal(after.narrow(2, changed, 1)));
        }
    }
}
