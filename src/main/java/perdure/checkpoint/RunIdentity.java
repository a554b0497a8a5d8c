package perdure.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares what a run was made with to what it is asked to go on with, so that nothing changes it silently. Keys are
 * flags ({@code --hidden-size}) or the names below. It knows neither files nor flags' meanings, only which may change.
 */
public final class RunIdentity {

    public static final String TOKENIZER = "tokenizer fingerprint";
    public static final String DATA = "data fingerprint";
    public static final String VALIDATION_DATA = "validation data fingerprint";
    public static final String LIBRARY = "libtorch version";

    private static final String ACCEPT = "--accept-changes";

    /** Other values need other weights. */
    private static final Set<String> FIXED = Set.of(
            "--layers",
            "--heads",
            "--kv-heads",
            "--hidden-size",
            "--intermediate-size",
            "--context",
            "--vocab-size",
            "tied embeddings",
            TOKENIZER);

    /** Other values mean another order of the data, which only the next epoch can begin. */
    private static final Set<String> GEOMETRY = Set.of(
            DATA,
            VALIDATION_DATA,
            "--validation-fraction",
            "--batch-size",
            "--grad-accum",
            "--steps-per-epoch",
            "--seed",
            "world size");

    /** Other values give the same run, but for rounding. */
    private static final Set<String> ROUNDING = Set.of("--threads", "--device", "--precision", LIBRARY);

    private RunIdentity() {}

    /**
     * @param saved with the checkpoint
     * @param requested now
     * @param accepted whether changes of data and batch geometry are wanted
     * @param atEpochBoundary whether the saved position is between two epochs
     * @return one line for each change that is allowed
     * @throws IllegalArgumentException one line naming the key and both values, for the first that is not
     */
    public static List<String> check(
            Map<String, String> saved, Map<String, String> requested, boolean accepted, boolean atEpochBoundary) {
        List<String> warnings = new ArrayList<>();
        for (String key : new TreeSet<>(requested.keySet())) {
            String before = saved.get(key);
            String now = requested.get(key);
            // A key that was not recorded says nothing about the run.
            if (before != null && !before.equals(now)) {
                warnings.add(allowed(key, before, now, accepted, atEpochBoundary));
            }
        }
        return warnings;
    }

    private static String allowed(String key, String before, String now, boolean accepted, boolean atEpochBoundary) {
        String change = key + " was " + before + " when this run was saved and is " + now + " now";
        if (FIXED.contains(key)) {
            throw new IllegalArgumentException(
                    change + ": the weights do not fit; set it back, or use another --checkpoints folder.");
        }
        if (GEOMETRY.contains(key) && !accepted) {
            throw new IllegalArgumentException(
                    change + ": set it back, or add " + ACCEPT + " to go on so from an epoch's start.");
        }
        if (GEOMETRY.contains(key) && !atEpochBoundary) {
            throw new IllegalArgumentException(
                    change + ": " + ACCEPT + " works between epochs only; finish the epoch with the old value first.");
        }
        return ROUNDING.contains(key) ? change + ": the bytes may differ from an unbroken run's." : change + ".";
    }
}
