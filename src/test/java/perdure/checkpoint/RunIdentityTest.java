package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunIdentityTest {

    private static List<String> check(String key, boolean accepted, boolean atEpochBoundary) {
        return RunIdentity.check(
                Map.of(key, "old", "same", "x"), Map.of(key, "new", "same", "x"), accepted, atEpochBoundary);
    }

    private static void refused(String key, boolean accepted, boolean atEpochBoundary) {
        String message = assertThrows(IllegalArgumentException.class, () -> check(key, accepted, atEpochBoundary))
                .getMessage();
        assertTrue(message.startsWith(key + " was old when this run was saved and is new now: "), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--hidden-size", "--layers", "--vocab-size", "--context", RunIdentity.TOKENIZER})
    void whatTheWeightsDependOnNeverChanges(String key) {
        refused(key, false, true);
        refused(key, true, true);
    }

    @ParameterizedTest
    @ValueSource(strings = {RunIdentity.DATA, "--batch-size", "--grad-accum", "--seed", "--steps-per-epoch"})
    void dataAndGeometryChangeBetweenEpochsIfAccepted(String key) {
        refused(key, false, true);
        refused(key, true, false);
        assertEquals(List.of(key + " was old when this run was saved and is new now."), check(key, true, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--threads", "--device", RunIdentity.LIBRARY})
    void whatRoundsOtherwiseIsAllowedWithAWarning(String key) {
        assertTrue(check(key, false, false).get(0).contains("the bytes may differ"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--learning-rate", "--weight-decay", "--something-new"})
    void whatTheUserMayTuneIsAllowedAndSaid(String key) {
        assertEquals(List.of(key + " was old when this run was saved and is new now."), check(key, false, false));
    }

    @Test
    void whatWasNotRecordedIsNotCompared() {
        assertEquals(List.of(), RunIdentity.check(Map.of(), Map.of("--layers", "4"), false, false));
        assertEquals(List.of(), RunIdentity.check(Map.of("--layers", "4"), Map.of("--layers", "4"), false, false));
    }
}
