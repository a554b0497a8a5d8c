package perdure.run;

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
        return new RunIdentity(Map.of(key, "new", "same", "x"))
                .requireSame(new RunIdentity(Map.of(key, "old", "same", "x")), accepted, atEpochBoundary);
    }

    private static void refused(String key, boolean accepted, boolean atEpochBoundary) {
        String message = assertThrows(BadInputException.class, () -> check(key, accepted, atEpochBoundary))
                .getMessage();
        assertTrue(message.startsWith(key + " was old when this run was saved and is new now: "), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hidden size", "layers", "vocab size", "context", RunIdentity.TOKENIZER})
    void whatTheWeightsDependOnNeverChanges(String key) {
        refused(key, false, true);
        refused(key, true, true);
    }

    @ParameterizedTest
    @ValueSource(strings = {RunIdentity.DATA, "batch size", "grad accum", "seed", "steps per epoch"})
    void dataAndGeometryChangeBetweenEpochsIfAccepted(String key) {
        refused(key, false, true);
        refused(key, true, false);
        assertEquals(List.of(key + " was old when this run was saved and is new now."), check(key, true, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"threads", "device", RunIdentity.LIBRARY})
    void whatRoundsOtherwiseIsAllowedWithAWarning(String key) {
        assertTrue(check(key, false, false).get(0).contains("the bytes may differ"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"learning rate", "weight decay", "something new"})
    void whatTheUserMayTuneIsAllowedAndSaid(String key) {
        assertEquals(List.of(key + " was old when this run was saved and is new now."), check(key, false, false));
    }

    @Test
    void whatWasNotRecordedIsNotCompared() {
        RunIdentity four = new RunIdentity(Map.of("layers", "4"));
        assertEquals(List.of(), four.requireSame(new RunIdentity(Map.of()), false, false));
        assertEquals(List.of(), four.requireSame(four, false, false));
    }

    /** Version 0.1.0 wrote flags for names, and "null" for an epoch without a cap. */
    @Test
    void whatAnEarlierVersionRecordedIsReadByItsName() {
        RunIdentity saved = RunIdentity.recorded(Map.of("--hidden-size", "64", "--steps-per-epoch", "null"));
        RunIdentity same = new RunIdentity(Map.of("hidden size", "64", "steps per epoch", "whole data"));
        assertEquals(List.of(), same.requireSame(saved, false, false));
        RunIdentity other = new RunIdentity(Map.of("hidden size", "64", "steps per epoch", "5"));
        assertThrows(BadInputException.class, () -> other.requireSame(saved, false, true));
    }
}
