package perdure.checkpoint;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The loss history as a curve with a limited number of points, for display.
 *
 * @param steps in order, evenly thinned out; the first and the last are always kept
 * @param epochs the finished ones, thinned out in the same way
 * @param validations evaluations inside epochs, thinned out in the same way
 * @param restarts steps after which another process resumed the run, according to the last commit
 */
public record LossCurve(List<Step> steps, List<Epoch> epochs, List<Validation> validations, List<Long> restarts) {

    private static final JsonMapper LINES = Json.MAPPER;

    /** A line of the history, or of the training log. */
    public sealed interface Line permits Step, Epoch, Validation, Measurement, Sample {
        long step();

        int epoch();
    }

    /**
     * A logged optimizer step.
     *
     * @param step optimizer steps finished in all
     * @param epoch index of its epoch, from zero
     * @param loss mean over the step's tokens, in nats per token
     * @param gradientNorm global L2 norm before clipping
     * @param tokens trained on in all
     */
    public record Step(long step, int epoch, double loss, double learningRate, double gradientNorm, long tokens)
            implements Line {}

    /**
     * The end of an epoch.
     *
     * @param step optimizer steps finished in all
     * @param epoch its index, from zero
     * @param epochLoss mean over its tokens, in nats per token
     * @param validationLoss in nats per token, or null
     * @param bitsPerByte of the validation text, or null
     */
    public record Epoch(long step, int epoch, double epochLoss, Double validationLoss, Double bitsPerByte)
            implements Line {}

    /**
     * An evaluation inside an epoch.
     *
     * @param step optimizer steps finished in all
     * @param epoch index of the epoch, from zero
     * @param validationLoss in nats per token
     * @param bitsPerByte of the validation text
     */
    public record Validation(long step, int epoch, double validationLoss, double bitsPerByte) implements Line {}

    /**
     * What a machine needed for a logged step. It is in the training log, since it differs from run to run.
     *
     * @param step optimizer steps finished in all
     * @param epoch index of its epoch, from zero
     * @param tokensPerSecond of the last half minute of training
     * @param memoryBytes resident memory of the process, or null
     */
    public record Measurement(long step, int epoch, double tokensPerSecond, Long memoryBytes) implements Line {}

    /**
     * What the model said at the end of an epoch. It is in the training log, since a stop may cut it short.
     *
     * @param step optimizer steps finished in all
     * @param epoch index of the epoch, from zero
     * @param sample text, a line or two
     */
    public record Sample(long step, int epoch, String sample) implements Line {}

    /**
     * Reads the history of a run folder once, also while it is being written; {@link LossHistoryReader} reads it again
     * and again. Memory is bounded. Without a file the curve is empty.
     *
     * @param limit most steps, and most epochs, that are returned; at least 2
     * @throws IllegalArgumentException if the limit is less than 2
     * @throws NewerFormatException if only a newer version can read the file
     * @throws UncheckedIOException if the file cannot be read
     */
    public static LossCurve read(Path runFolder, int limit) {
        LossHistoryReader reader = new LossHistoryReader(runFolder);
        reader.refresh();
        return reader.curve(limit);
    }

    /**
     * Whether a line of the history belongs after a position: by its step, and at an epoch's end by its epoch. Null if
     * the line does not say.
     */
    static Boolean isAfter(String line, TrainerState.Position position) {
        Place place = place(line);
        return place.step == null
                ? null
                : place.step > position.step()
                        || place.epochLoss != null && place.epoch != null && place.epoch >= position.epoch();
    }

    /** The step that a line states, or null. */
    static Long step(String line) {
        return place(line).step;
    }

    /** Nothing of a damaged line. */
    private static Place place(String line) {
        try {
            Place place = LINES.readValue(line, Place.class);
            return place == null ? Place.NOWHERE : place;
        } catch (JacksonException damaged) {
            return Place.NOWHERE;
        }
    }

    /** The keys that the lines of every version have. */
    private record Place(Long step, Integer epoch, JsonNode epochLoss) {
        static final Place NOWHERE = new Place(null, null, null);
    }

    /** A line as bytes, with its line end. Equal numbers give equal bytes. */
    static byte[] toBytes(Line line) {
        byte[] json = LINES.writeValueAsBytes(line);
        byte[] bytes = Arrays.copyOf(json, json.length + 1);
        bytes[json.length] = '\n';
        return bytes;
    }
}
