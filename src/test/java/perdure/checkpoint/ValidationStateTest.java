package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import perdure.checkpoint.TrainerState.Validation;

/** What a run remembers of its evaluations. */
class ValidationStateTest {
    private static Validation after(double... losses) {
        Validation validation = null;
        for (int i = 0; i < losses.length; i++) {
            validation = Validation.after(validation, losses[i], 10 * (i + 1), 96);
        }
        return validation;
    }

    @Test
    void countsTheEvaluationsInARowThatRise() {
        assertEquals(0, after(3.0).risen());
        assertEquals(2, after(3.0, 3.1, 3.2).risen());
        assertEquals(3, after(3.0, 2.9, 3.1, 3.2, 3.3).risen());
    }

    @Test
    void beginsAnewWhenTheLossFallsThoughItIsNotTheLowest() {
        Validation validation = after(3.0, 3.2, 3.1, 3.3);
        assertEquals(1, validation.risen());
        assertEquals(3, validation.since());
        assertEquals(10, validation.bestStep());
    }

    @Test
    void aLossOverOtherTextIsNotCompared() {
        Validation validation = Validation.after(after(3.0, 3.1, 3.2), 4.0, 40, 97);
        assertEquals(0, validation.risen());
        assertEquals(4.0, validation.bestLoss());
    }

    @Test
    void oneThatIsNotFiniteIsNotCounted() {
        Validation validation = Validation.after(after(3.0, 3.1, 3.2), Double.NaN, 40, 96);
        assertEquals(2, validation.risen());
        assertNull(validation.last());
        assertEquals(0, Validation.after(validation, 3.3, 50, 96).risen());
    }

    /** It has neither the last loss nor the count. If its last evaluation was the best, the next one is compared with it. */
    @Test
    void goesOnFromTheStateOfAnEarlierVersion() {
        assertEquals(
                1,
                Validation.after(new Validation(3.0, 10, 10, 0, 96, null, null), 3.1, 20, 96)
                        .risen());
        assertEquals(
                0,
                Validation.after(new Validation(3.0, 10, 20, 1, 96, null, null), 3.1, 30, 96)
                        .risen());
    }
}
