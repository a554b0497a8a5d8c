package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import perdure.safetensors.DamagedFileException;
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

    /** Its presence tells a line of an epoch from one of a step, without parsing. */
    private static final String EPOCH_KEY = "\"epoch_loss\"";

    /** Its presence in another line tells that of an evaluation. */
    private static final String VALIDATION_KEY = "\"validation_loss\"";

    /** A line of the history. */
    public sealed interface Line permits Step, Epoch, Validation {
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
     * Reads the history of a run folder, also while it is being written. Memory holds at most {@code limit} steps and
     * {@code limit} epochs. Without a file the curve is empty.
     *
     * @param limit most steps, and most epochs, that are returned; at least 2
     * @throws IllegalArgumentException if the limit is less than 2
     * @throws NewerFormatException if only a newer version can read the file
     * @throws UncheckedIOException if the file cannot be read
     */
    public static LossCurve read(Path runFolder, int limit) {
        Path file = runFolder.resolve(LossHistory.FILE);
        Thinned<String> steps = new Thinned<>(limit);
        Thinned<String> epochs = new Thinned<>(limit);
        Thinned<String> validations = new Thinned<>(limit);
        if (Files.exists(file)) {
            try {
                LossHistory.forEachLine(file, (line, offset) -> {
                    if (!LossHistory.isFormat(line)) {
                        Class<? extends Line> type = type(line);
                        (type == Step.class ? steps : type == Epoch.class ? epochs : validations).add(line);
                    }
                });
            } catch (IOException problem) {
                throw DurableFiles.failed(file, problem);
            }
        }
        return new LossCurve(
                parsed(steps.all(), Step.class),
                parsed(epochs.all(), Epoch.class),
                parsed(validations.all(), Validation.class),
                restarts(runFolder));
    }

    /** Empty if the last commit is just being replaced or cannot be read. Resuming the run reports that. */
    private static List<Long> restarts(Path runFolder) {
        try {
            String committed = new MetaStore(runFolder).read().checkpoint();
            if (committed == null) {
                return List.of();
            }
            return Checkpoint.state(runFolder.resolve(committed)).sessions().stream()
                    .skip(1)
                    .map(TrainerState.Session::firstStep)
                    .toList();
        } catch (IOException | DamagedFileException | NewerFormatException unreadable) {
            return List.of();
        }
    }

    /** The curve as a JSON object of four arrays, whose elements have the keys of the file. */
    public byte[] toJson() {
        return LINES.writeValueAsBytes(this);
    }

    private static <T extends Line> List<T> parsed(List<String> lines, Class<T> type) {
        return lines.stream()
                .map(LossCurve::parse)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private static Class<? extends Line> type(String line) {
        return line.contains(EPOCH_KEY) ? Epoch.class : line.contains(VALIDATION_KEY) ? Validation.class : Step.class;
    }

    /** Parses a line. Returns null for a damaged line, so that only this line is lost. */
    private static Line parse(String line) {
        try {
            return LINES.readValue(line, type(line));
        } catch (JacksonException damaged) {
            return null;
        }
    }

    /**
     * Whether a line of the history belongs after a position: by its step, and at an epoch's end by its epoch. Null if
     * the line does not say.
     */
    static Boolean isAfter(String line, TrainerState.Position position) {
        try {
            Place place = LINES.readValue(line, Place.class);
            return place == null || place.step == null
                    ? null
                    : place.step > position.step()
                            || place.epochLoss != null && place.epoch != null && place.epoch >= position.epoch();
        } catch (JacksonException damaged) {
            return null;
        }
    }

    /** The keys that the lines of every version have. */
    private record Place(Long step, Integer epoch, JsonNode epochLoss) {}

    /** A line as bytes, with its line end. Equal numbers give equal bytes. */
    static byte[] toBytes(Line line) {
        byte[] json = LINES.writeValueAsBytes(line);
        byte[] bytes = Arrays.copyOf(json, json.length + 1);
        bytes[json.length] = '\n';
        return bytes;
    }

    /**
     * Keeps every n-th item of a sequence of unknown length, and the last one. n is doubled whenever there are too
     * many.
     */
    private static final class Thinned<T> {

        private final int limit;
        private final List<T> kept = new ArrayList<>();
        private long stride = 1;
        private long count;
        private T last;

        Thinned(int limit) {
            if (limit < 2) {
                throw new IllegalArgumentException(
                        "A curve of " + limit + " points is too short: it needs at least 2.");
            }
            this.limit = limit;
        }

        void add(T item) {
            last = item;
            if (count++ % stride != 0) {
                return;
            }
            kept.add(item);
            // One place is left for the last.
            if (kept.size() == limit) {
                for (int index = 1; 2 * index < kept.size(); index++) {
                    kept.set(index, kept.get(2 * index));
                }
                kept.subList((limit + 1) / 2, limit).clear();
                stride *= 2;
            }
        }

        List<T> all() {
            if (count > 0 && (count - 1) % stride != 0) {
                kept.add(last);
            }
            return kept;
        }
    }
}
