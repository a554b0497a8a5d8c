package perdure.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SamplingOptionsTest {
    @Test
    void greedyTakesTheLikeliestOfAllTokens() {
        assertEquals(new SamplingOptions(0, 1, 0, 1, 0, 5), SamplingOptions.greedy(5));
    }

    @Test
    void namesTheValueThatIsOutOfRange() {
        refuses("temperature -0.5 is not between 0 and 100.", -0.5, 1, 0, 1, 1);
        refuses("temperature NaN is not between 0 and 100.", Double.NaN, 1, 0, 1, 1);
        refuses("top_p 0.0 is not above 0 and at most 1.", 1, 0, 0, 1, 1);
        refuses("top_p 1.5 is not above 0 and at most 1.", 1, 1.5, 0, 1, 1);
        refuses("top_k -1 is not 0 (all) or a positive number.", 1, 1, -1, 1, 1);
        refuses("repetition_penalty 0.0 is not above 0 and at most 100.", 1, 1, 0, 0, 1);
        refuses("max_tokens 0 is not a positive number.", 1, 1, 0, 1, 0);
    }

    private static void refuses(
            String message, double temperature, double topP, int topK, double repetitionPenalty, int maximumTokens) {
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> new SamplingOptions(temperature, topP, topK, repetitionPenalty, 0, maximumTokens));
        assertEquals(message, refusal.getMessage());
    }
}
