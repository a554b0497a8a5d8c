package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunIdentityTest {

    private static final String TEXT = "a".repeat(64);
    private static final String OTHER_TEXT = "b".repeat(64);

    private static List<String> check(String key, boolean accepted, boolean atEpochBoundary) {
        return check(Map.of(key, "old"), Map.of(key, "new"), accepted, atEpochBoundary);
    }

    private static List<String> check(
            Map<String, String> before, Map<String, String> now, boolean accepted, boolean atEpochBoundary) {
        return new RunIdentity(now).requireSame(new RunIdentity(before), accepted, atEpochBoundary);
    }

    private static BadInputException refused(
            Map<String, String> before, Map<String, String> now, boolean accepted, boolean atEpochBoundary) {
        return assertThrows(BadInputException.class, () -> check(before, now, accepted, atEpochBoundary));
    }

    private static void refused(String key, boolean accepted, boolean atEpochBoundary) {
        String message = refused(Map.of(key, "old"), Map.of(key, "new"), accepted, atEpochBoundary)
                .getMessage();
        assertTrue(message.contains(": " + key + " was old and is new now"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hidden size", "layers", "vocab size", "context", RunIdentity.TOKENIZER})
    void whatTheWeightsDependOnNeverChanges(String key) {
        refused(key, false, true);
        refused(key, true, true);
    }

    @Test
    void theSeedChangesBetweenEpochsIfAccepted() {
        refused("seed", false, true);
        refused("seed", true, false);
        assertEquals(List.of("seed was old and is new now."), check("seed", true, true));
    }

    @Test
    void theSameFilesReadInAnotherWayAreOneChange() {
        String files = RunIdentity.DATA_FILES;
        Map<String, String> before = Map.of(RunIdentity.DATA, TEXT, files, "a.txt 1", "encoding", "UTF-8");
        Map<String, String> now = Map.of(RunIdentity.DATA, OTHER_TEXT, files, "a.txt 1", "encoding", "GBK");
        assertEquals(List.of("encoding was UTF-8 and is GBK now."), check(before, now, true, true));
        assertEquals(1, refused(before, now, false, true).changes().size());
        Map<String, String> others = Map.of(RunIdentity.DATA, OTHER_TEXT, files, "a.txt 2", "encoding", "GBK");
        assertEquals(2, refused(before, others, false, true).changes().size());
    }

    @Test
    void aSeparatorThatWasNotSetIsNoneAndTheOnlyChange() {
        String files = RunIdentity.DATA_FILES;
        String separator = "document separator";
        Map<String, String> before = Map.of(RunIdentity.DATA, TEXT, files, "a.txt 1", separator, "");
        Map<String, String> now = Map.of(RunIdentity.DATA, OTHER_TEXT, files, "a.txt 1", separator, "XX");
        assertEquals(List.of("document separator was none and is XX now."), check(before, now, true, true));
    }

    @Test
    void theStepsOfAnEpochChangeAnywhereIfAccepted() {
        refused("steps per epoch", false, true);
        assertEquals(List.of("steps per epoch was old and is new now."), check("steps per epoch", true, false));
    }

    @Test
    void aStepOfAsManyRowsMayBeSplitFreely() {
        Map<String, String> before = Map.of("batch size", "8", "grad accum", "1");
        Map<String, String> now = Map.of("batch size", "2", "grad accum", "4");
        List<String> changes = check(before, now, false, false);
        assertEquals(2, changes.size());
        assertTrue(changes.get(0).contains("batch size was 8 and is 2 now: the bytes may differ"), changes.get(0));
    }

    @Test
    void aStepOfMoreOrFewerRowsNeedsConsentAndIsPossibleAnywhere() {
        Map<String, String> before = Map.of("batch size", "8", "grad accum", "1");
        Map<String, String> now = Map.of("batch size", "4", "grad accum", "1");
        BadInputException refused = refused(before, now, false, false);
        assertEquals("accept changes", refused.remedy());
        assertEquals(List.of("batch size was 8 and is 4 now."), check(before, now, true, false));
    }

    @Test
    void allDifferencesAreNamedAtOnce() {
        Map<String, String> before = Map.of("batch size", "8", "grad accum", "1", "layers", "3", "seed", "7");
        Map<String, String> now = Map.of("batch size", "4", "grad accum", "1", "layers", "4", "seed", "8");
        BadInputException refused = refused(before, now, false, true);
        assertEquals(
                List.of("batch size", "layers", "seed"),
                refused.changes().stream()
                        .map(BadInputException.Change::setting)
                        .toList());
        assertEquals(null, refused.remedy());
    }

    @Test
    void otherDataAreToldInBytesAndNotInHashes() {
        Map<String, String> before =
                Map.of("data fingerprint", TEXT, "data", "/text.txt", "data files", "4000000 text.txt");
        Map<String, String> now =
                Map.of("data fingerprint", OTHER_TEXT, "data", "/text.txt", "data files", "4000100 text.txt");
        BadInputException refused = refused(before, now, false, true);
        assertTrue(refused.getMessage().contains("text.txt was 4,000,000 bytes and is 4,000,100 now"));
        assertFalse(refused.getMessage().contains(TEXT));
        assertEquals("data", refused.changes().get(0).setting());
        refused(before, now, true, false);
        assertEquals(1, check(before, now, true, true).size());
    }

    /** The paths may be others: the content says whether they are the same data. */
    @Test
    void aRenamedFileIsNoDifference() {
        Map<String, String> before = Map.of("data fingerprint", TEXT, "data", "/a.txt", "data files", "4 a.txt");
        Map<String, String> now = Map.of("data fingerprint", TEXT, "data", "/b.txt", "data files", "4 b.txt");
        assertEquals(List.of(), check(before, now, false, false));
    }

    @Test
    void otherValidationTextChangesNoTrainingText() {
        assertEquals(
                1,
                check(
                                Map.of("validation data fingerprint", TEXT, "validation", "/a"),
                                Map.of("validation data fingerprint", OTHER_TEXT, "validation", "/b"),
                                true,
                                false)
                        .size());
        refused(
                Map.of("validation data fingerprint", "the last 0.1"),
                Map.of("validation data fingerprint", OTHER_TEXT, "validation", "/b"),
                true,
                false);
    }

    /** As in a run of version 0.1.0, which did not record where its data are. */
    @Test
    void whereTheDataWereNotRecordedTheyAreAskedFor() {
        BadInputException refused = refused(
                Map.of("data fingerprint", TEXT),
                Map.of("data fingerprint", OTHER_TEXT, "data", "", "data files", "the bundled conversations"),
                false,
                true);
        assertTrue(
                refused.getMessage()
                        .contains("data is not recorded, since an earlier version made the run: give it again"),
                refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"leaves", "threads per leaf", "accumulation", "device", RunIdentity.LIBRARY})
    void whatRoundsOtherwiseIsAllowedWithAWarning(String key) {
        assertTrue(check(key, false, false).get(0).contains("the bytes may differ"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"learning rate", "weight decay", "something new"})
    void whatTheUserMayTuneIsAllowedAndSaid(String key) {
        assertEquals(List.of(key + " was old and is new now."), check(key, false, false));
    }

    @Test
    void whatWasNotRecordedIsNotCompared() {
        RunIdentity four = new RunIdentity(Map.of("layers", "4"));
        assertEquals(List.of(), four.requireSame(new RunIdentity(Map.of()), false, false));
        assertEquals(List.of(), four.requireSame(four, false, false));
    }

    /** Earlier versions used autocast on the CPU. */
    @Test
    void aRunInBf16OfAnEarlierVersionIsToldOnceThatItsBytesDiffer() {
        RunIdentity now = new RunIdentity(Map.of("precision", "bf16", "bf16", "explicit", "device", "cpu"));
        assertEquals(
                List.of("bf16 was autocast and is explicit now: the bytes may differ from an unbroken run's."),
                now.requireSame(RunIdentity.recorded(Map.of("precision", "bf16", "device", "cpu")), false, false));
        assertEquals(List.of(), now.requireSame(RunIdentity.recorded(now.values()), false, false));
        assertEquals(
                List.of("precision was fp32 and is bf16 now: the bytes may differ from an unbroken run's."),
                now.requireSame(RunIdentity.recorded(Map.of("precision", "fp32", "device", "cpu")), false, false));
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
