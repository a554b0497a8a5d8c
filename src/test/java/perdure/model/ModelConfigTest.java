package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {

    @Test
    void hasTheShapeOfTheCommandLineByDefault() {
        AttentionConfig attention = new AttentionConfig(
                4, 4, 0, false, false, false, new RotaryConfig(10_000, RotaryScaling.NONE, List.of()));
        assertEquals(
                new ModelConfig(
                        ModelFamily.LLAMA,
                        new EmbeddingConfig(1539, true),
                        128,
                        3,
                        128,
                        1e-5,
                        attention,
                        new FeedForwardConfig(384, false)),
                ModelConfig.DEFAULT);
        assertEquals(32, ModelConfig.DEFAULT.headSize());
    }

    @Test
    void changesOnlyTheValuesThatAreNamed() {
        ModelConfig changed = ModelConfig.DEFAULT
                .withFamily(ModelFamily.SMOLLM3)
                .withVocabularySize(50)
                .withHiddenSize(96)
                .withLayers(2)
                .withIntermediateSize(80)
                .withContext(16)
                .withNormEpsilon(1e-6)
                .withTiedEmbeddings(false)
                .withAttention(ModelConfig.DEFAULT
                        .attention()
                        .withInputBias(true)
                        .withOutputBias(true)
                        .withQueryKeyNorms(true)
                        .withFixedHeadSize(32)
                        .withRotary(RotaryConfig.DEFAULT
                                .withTheta(5e5)
                                .withScaling(new RotaryScaling.Linear(2))
                                .withLayersWithout(List.of(1, 0, 1))))
                .withHeads(6, 2);
        ModelConfig expected = new ModelConfig(
                ModelFamily.SMOLLM3,
                new EmbeddingConfig(50, false),
                96,
                2,
                16,
                1e-6,
                new AttentionConfig(
                        6, 2, 32, true, true, true, new RotaryConfig(5e5, new RotaryScaling.Linear(2), List.of(0, 1))),
                new FeedForwardConfig(80, true));
        assertEquals(expected, changed.withFeedForward(changed.feedForward().withBias(true)));
        assertEquals(32, changed.headSize());
    }

    @Test
    void aHeadSizeThatFollowsFromTheHiddenSizeIsNotAnotherModel() {
        AttentionConfig attention = ModelConfig.DEFAULT.attention();
        assertEquals(ModelConfig.DEFAULT, ModelConfig.DEFAULT.withAttention(attention.withFixedHeadSize(32)));
        assertEquals(
                20,
                ModelConfig.DEFAULT
                        .withAttention(attention.withFixedHeadSize(20))
                        .headSize());
    }

    @Test
    void refusesValuesOfNoModel() {
        AttentionConfig attention = ModelConfig.DEFAULT.attention();
        refuses("norm epsilon NaN is not in [0, 1).", () -> ModelConfig.DEFAULT.withNormEpsilon(Double.NaN));
        refuses(
                "head size 7 is odd; rotary positions need an even one.",
                () -> ModelConfig.DEFAULT.withAttention(attention.withFixedHeadSize(7)));
        refuses(
                "layer 3 is to have no rotary positions, but there are 3 layers, from 0.",
                () -> ModelConfig.DEFAULT.withAttention(
                        attention.withRotary(RotaryConfig.DEFAULT.withLayersWithout(List.of(3)))));
        refuses("rotary theta 0.0 is not a positive number.", () -> RotaryConfig.DEFAULT.withTheta(0));
        refuses("rotary factor 0.5 is not a number from 1.", () -> new RotaryScaling.Linear(0.5));
        refuses(
                "rotary low and high frequency factors 4.0 and 4.0 are not positive and ascending.",
                () -> new RotaryScaling.Llama3(8, 4, 4, 8192));
    }

    private static void refuses(String message, Executable executable) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, executable).getMessage());
    }

    /** The values are transformers', for theta 500,000 and a head size of 64 (one high frequency, three between, two low). */
    @Test
    void scalesTheFrequenciesOfLlama3() {
        RotaryScaling scaling = new RotaryScaling.Llama3(8, 1, 4, 8192);
        double[] frequencies = new double[32];
        Arrays.setAll(frequencies, i -> Math.pow(500_000, -i / 32.0));
        double[] expected = {0.0032114461, 0.0013718937, 0.000524846022, 0.000178507791, 7.784655e-05, 3.76732e-07};
        int[] places = {14, 15, 16, 17, 18, 31};
        for (int i = 0; i < places.length; i++) {
            assertEquals(expected[i], scaling.scaled(frequencies[places[i]]), 1e-6 * expected[i]);
        }
    }

    @Test
    void takesAWidthAndHeadsThatFitOnlyOneAnother() {
        AttentionConfig five = ModelConfig.DEFAULT.attention().withHeads(5, 5);
        assertEquals(2, ModelConfig.DEFAULT.withHiddenSize(10, five).headSize());
        assertThrows(IllegalArgumentException.class, () -> ModelConfig.DEFAULT.withHiddenSize(10));
        assertThrows(IllegalArgumentException.class, () -> ModelConfig.DEFAULT.withAttention(five));
    }

    @ParameterizedTest
    @CsvSource({"1, 64", "24, 64", "25, 128", "128, 384", "384, 1024", "768, 2048"})
    void roundsTheUsualInnerWidthUp(int hiddenSize, int expected) {
        assertEquals(expected, ModelConfig.usualIntermediateSize(hiddenSize));
    }
}
