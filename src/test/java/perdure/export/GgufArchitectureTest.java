package perdure.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;
import perdure.model.RotaryConfig;
import perdure.model.RotaryScaling;

class GgufArchitectureTest {

    private static final ModelConfig PLAIN = ModelConfig.DEFAULT;

    private static ModelConfig rotary(ModelFamily family, RotaryConfig rotary) {
        return PLAIN.withFamily(family).withAttention(PLAIN.attention().withRotary(rotary));
    }

    static Stream<ModelConfig> inexpressible() {
        RotaryConfig llama3 = RotaryConfig.DEFAULT.withScaling(new RotaryScaling.Llama3(8, 1, 4, 8192));
        return Stream.of(
                rotary(ModelFamily.QWEN2, llama3),
                rotary(ModelFamily.SMOLLM3, RotaryConfig.DEFAULT.withLayersWithout(List.of(1))),
                PLAIN.withFamily(ModelFamily.SMOLLM3).withLayers(4),
                PLAIN.withFamily(ModelFamily.QWEN3)
                        .withAttention(PLAIN.attention().withInputBias(true)));
    }

    /** llama.cpp would not load these files, or compute something else. */
    @ParameterizedTest
    @MethodSource("inexpressible")
    void refusesWhatTheArchitectureOfAFamilyLacks(ModelConfig config) {
        String message = assertThrows(
                        IllegalArgumentException.class, () -> GgufArchitecture.describe(config, new GgufMetadata()))
                .getMessage();
        assertEquals("GGUF's architecture " + config.family().modelType(), message.split(" has no form for ")[0]);
    }

    /** With theta 500,000 and a head size of 32, waves of 8192/4 positions end at pair 7, and of 8192 at pair 9. */
    @Test
    void rotaryFactorsAreWhatFrequenciesAreDividedBy() {
        ModelConfig config = rotary(
                ModelFamily.LLAMA, new RotaryConfig(500_000, new RotaryScaling.Llama3(8, 1, 4, 8192), List.of()));
        float[] factors = GgufArchitecture.rotaryFactors(config);

        float[] ones = new float[8];
        Arrays.fill(ones, 1);
        float[] eights = new float[7];
        Arrays.fill(eights, 8);
        assertEquals(16, factors.length);
        assertArrayEquals(Arrays.copyOf(factors, 8), ones);
        assertArrayEquals(Arrays.copyOfRange(factors, 9, 16), eights, 1e-6f);
        // Between them: s = (8192/w - 1) / 3 of the wavelength w = 2 pi 500000^(8/16).
        double s = (8192 / (2 * Math.PI * Math.sqrt(500_000)) - 1) / 3;
        assertEquals(1 / ((1 - s) / 8 + s), factors[8], 1e-5);
    }
}
