package perdure.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import perdure.safetensors.DamagedFileException;
import perdure.tokenizer.JsonProblem;
import tools.jackson.databind.JsonNode;

/**
 * The content of {@code current.meta.json}: how far the run is, and which checkpoint holds it. All components but the
 * first may be null.
 *
 * @param lastEpoch index of the last epoch that finished, -1 if none
 * @param bestLoss least epoch loss of the whole life of the run, in nats per token
 * @param checkpoint name of the current checkpoint's folder
 * @param step optimizer steps finished in all
 * @param bestEpoch index of the epoch with the least loss
 * @param bestCheckpoint name of the checkpoint with the least validation loss
 */
public record Meta(
        int lastEpoch, Double bestLoss, String checkpoint, Long step, Integer bestEpoch, String bestCheckpoint) {

    /** The meta data of a run that has not begun. */
    public static final Meta NONE = new Meta(-1, null, null, null, null, null);

    /** More epochs than any run has. A larger number in the file is a mistake. */
    static final int MAXIMUM_EPOCH = 1_000_000_000;

    /**
     * Parses the file. Every key has a default.
     *
     * @param file its name, for messages
     * @throws DamagedFileException if it is not JSON
     * @throws NewerFormatException if only a newer version can read it
     * @throws IllegalArgumentException with one line that names the file, the key and the value, if a value is bad
     */
    static Meta parse(Path file, byte[] json) {
        JsonNode meta = Json.parse(file, json);
        Json.requireKnownFormat(file, meta);
        Long lastEpoch = number(file, meta, "last_epoch", -1, MAXIMUM_EPOCH);
        Long bestEpoch = number(file, meta, "best_epoch", -1, MAXIMUM_EPOCH);
        return new Meta(
                lastEpoch == null ? -1 : lastEpoch.intValue(),
                loss(file, meta),
                checkpoint(file, meta, "checkpoint"),
                number(file, meta, "step", 0, Long.MAX_VALUE),
                bestEpoch == null ? null : bestEpoch.intValue(),
                checkpoint(file, meta, "best_checkpoint"));
    }

    private static Long number(Path file, JsonNode meta, String key, long least, long most) {
        JsonNode value = meta.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < least
                || value.longValue() > most) {
            throw new IllegalArgumentException(file + ": " + key + " is " + JsonProblem.shown(value)
                    + "; it must be a whole number from " + least + " to " + most + ".");
        }
        return value.longValue();
    }

    private static Double loss(Path file, JsonNode meta) {
        JsonNode value = meta.path("best_loss");
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw new IllegalArgumentException(
                    file + ": best_loss is " + JsonProblem.shown(value) + "; it must be a number.");
        }
        return value.doubleValue();
    }

    private static String checkpoint(Path file, JsonNode meta, String key) {
        JsonNode value = meta.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        if (!value.isString() || CheckpointName.parse(value.stringValue()) == null) {
            throw new IllegalArgumentException(file + ": " + key + " is " + JsonProblem.shown(value)
                    + "; it must be the name of a folder like \"step-0000000123\".");
        }
        return value.stringValue();
    }

    Meta withBestCheckpoint(String name) {
        return new Meta(lastEpoch, bestLoss, checkpoint, step, bestEpoch, name);
    }

    byte[] toBytes() {
        Map<String, Object> meta = new LinkedHashMap<>();
        meta.put("last_epoch", lastEpoch);
        meta.put("best_loss", bestLoss);
        meta.put("checkpoint", checkpoint);
        meta.put("step", step);
        meta.put("best_epoch", bestEpoch);
        meta.put("best_checkpoint", bestCheckpoint);
        return Json.prettyWithFormat(meta);
    }

    /** The meta data to write when that state has become the current checkpoint. */
    Meta after(TrainerState state, String checkpoint) {
        TrainerState.Best best = state.best();
        return new Meta(
                state.lastEpoch(),
                best == null ? null : best.loss(),
                checkpoint,
                state.position().step(),
                best == null ? null : best.epoch(),
                bestCheckpoint(state, checkpoint));
    }

    /**
     * The checkpoint of the least validation loss; in a run that an earlier version saved, until its next evaluation,
     * that of the least epoch loss. Null if it is not known by name.
     */
    private String bestCheckpoint(TrainerState state, String checkpoint) {
        TrainerState.Validation validation = state.validation();
        if (validation != null) {
            CheckpointName before = bestCheckpoint == null ? null : CheckpointName.parse(bestCheckpoint);
            boolean bestBefore = before != null && before.step() == validation.bestStep();
            return validation.bestStep() == state.position().step() ? checkpoint : bestBefore ? bestCheckpoint : null;
        }
        TrainerState.Best best = state.best();
        if (best == null) {
            return null;
        }
        boolean bestNow = best.epoch() == state.lastEpoch() && state.position().epochStep() == 0;
        boolean bestBefore = bestEpoch != null && bestEpoch == best.epoch();
        return bestNow ? checkpoint : bestBefore ? bestCheckpoint : null;
    }
}
