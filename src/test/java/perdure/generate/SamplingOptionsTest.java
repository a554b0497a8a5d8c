package perdure.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import perdure.generate.SamplingOptions.Penalties;

class SamplingOptionsTest {
    @Test
    void greedyTakesTheLikeliestOfAllTokens() {
        assertEquals(new SamplingOptions(0, 1, 0, Penalties.NONE, 0, 5, -1), SamplingOptions.greedy(5));
        assertEquals(new Penalties(1, 0, 0), Penalties.NONE);
    }

    @Test
    void namesTheValueThatIsOutOfRange() {
        refuses("temperature -0.5 is not between 0 and 100.", -0.5, 1, 0, 1);
        refuses("temperature NaN is not between 0 and 100.", Double.NaN, 1, 0, 1);
        refuses("top_p 0.0 is not above 0 and at most 1.", 1, 0, 0, 1);
        refuses("top_p 1.5 is not above 0 and at most 1.", 1, 1.5, 0, 1);
        refuses("top_k -1 is not 0 (all) or a positive number.", 1, 1, -1, 1);
        refuses("max_tokens 0 is not a positive number.", 1, 1, 0, 0);
    }

    /** Some of them would make a logit infinite in single precision. */
    @Test
    void namesThePenaltyThatIsOutOfRange() {
        for (double penalty : new double[] {0, 1e-300, 1e-40, -1, 101, 1e300, Double.NaN, Double.POSITIVE_INFINITY}) {
            refuses(
                    "repetition_penalty " + penalty + " is not between 0.01 and 100.",
                    () -> new Penalties(penalty, 0, 0));
        }
        refuses("presence_penalty 2.5 is not between -2 and 2.", () -> new Penalties(1, 2.5, 0));
        refuses("frequency_penalty NaN is not between -2 and 2.", () -> new Penalties(1, 0, Double.NaN));
    }

    private static void refuses(String message, double temperature, double topP, int topK, int maximumTokens) {
        refuses(message, () -> new SamplingOptions(temperature, topP, topK, Penalties.NONE, 0, maximumTokens, -1));
    }

    private static void refuses(String message, Executable making) {
        assertEquals(
                message, assertThrows(IllegalArgumentException.class, making).getMessage());
    }
}
