package perdure.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.generate.SamplingOptions.Penalties;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TokenSamplerTest {
    private static final int DRAWS = 40_000;
    private static final JsonNode GOLDEN = golden();

    static Stream<JsonNode> cases() {
        return GOLDEN.get("cases").valueStream();
    }

    /** The probabilities are those that transformers' own filters give ({@code scripts/golden/sampling.py}). */
    @ParameterizedTest
    @MethodSource("cases")
    void drawsWithTheProbabilitiesOfTransformers(JsonNode golden) {
        SamplingOptions options = new SamplingOptions(
                golden.get("temperature").asDouble(),
                golden.get("top_p").asDouble(),
                golden.get("top_k").asInt(),
                new Penalties(golden.get("repetition_penalty").asDouble(), 0, 0),
                1,
                1,
                SamplingOptions.NO_LOGPROBS);
        float[] logits = floats(GOLDEN.get("logits"));
        float[] expected = floats(golden.get("probabilities"));
        TokenSampler sampler = new TokenSampler(options, logits.length);
        GOLDEN.get("seen").valueStream().forEach(id -> sampler.see(id.asInt()));

        int[] counts = new int[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(logits.clone())]++;
        }

        for (int id = 0; id < logits.length; id++) {
            // Five standard deviations of a frequency; a token that was filtered out never comes.
            double tolerance = 5 * Math.sqrt(expected[id] * (1 - expected[id]) / DRAWS);
            assertEquals(expected[id], counts[id] / (double) DRAWS, tolerance, "token " + id);
        }
    }

    @Test
    void takesTheFirstOfTheLikeliestAtTemperatureZero() {
        TokenSampler sampler = new TokenSampler(SamplingOptions.greedy(1), 4);
        assertEquals(1, sampler.next(new float[] {-1, 3, 3, 2}));
    }

    @Test
    void drawsTheSameForTheSameSeedAndNotForAnother() {
        assertArrayEquals(draws(5), draws(5));
        assertEquals(
                false,
                IntStream.of(draws(5))
                        .boxed()
                        .toList()
                        .equals(IntStream.of(draws(6)).boxed().toList()));
    }

    /** OpenAI's formula; the prompt's tokens do not count. */
    @Test
    void penalisesTheTokensOfTheAnswerByHowOftenItHasThem() {
        SamplingOptions options =
                new SamplingOptions(0, 1, 0, new Penalties(1, 0.5, 0.25), 1, 1, SamplingOptions.NO_LOGPROBS);
        TokenSampler sampler = new TokenSampler(options, 3);
        sampler.see(0);
        IntStream.of(1, 1, 2).forEach(sampler::accept);
        float[] logits = {1, 1, 1};
        assertEquals(0, sampler.next(logits));
        assertArrayEquals(new float[] {1, 1 - 0.5f - 2 * 0.25f, 1 - 0.5f - 0.25f}, logits);
    }

    @Test
    void refusesLogitsThatAreNotNumbers() {
        TokenSampler sampler = new TokenSampler(SamplingOptions.greedy(1), 3);
        IllegalStateException failure =
                assertThrows(IllegalStateException.class, () -> sampler.next(new float[] {1, Float.NaN, 2}));
        assertEquals("The logit of token 1 is NaN.", failure.getMessage());
    }

    private static int[] draws(long seed) {
        TokenSampler sampler = new TokenSampler(
                new SamplingOptions(1, 1, 0, Penalties.NONE, seed, 1, SamplingOptions.NO_LOGPROBS), 100);
        return IntStream.range(0, 20).map(i -> sampler.next(new float[100])).toArray();
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.get(i).asDouble();
        }
        return values;
    }

    private static JsonNode golden() {
        try (InputStream file = TokenSamplerTest.class.getResourceAsStream("/golden/sampling/probabilities.json")) {
            return JsonMapper.shared().readTree(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
