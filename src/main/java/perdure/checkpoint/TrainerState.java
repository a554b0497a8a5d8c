package perdure.checkpoint;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * The content of {@code trainer_state.json}: everything besides weights and moments that the next process needs to
 * resume to the bit. All components but {@code best}, {@code identity}, {@code sessions} and {@code validation} are
 * required. So is every
 * number in what is present.
 *
 * @param position where the run is
 * @param loss sums of the epoch in progress, so that its mean is right after an interruption
 * @param best the best finished epoch of the whole life of the run, or null before the first
 * @param generators random generator states by device type ({@code cpu}, {@code cuda}), base64
 * @param plan what the learning-rate schedule was computed for
 * @param identity the settings that shape the run, by name (version 0.1.0 wrote flags); a resumed run compares
 *     them; empty if unknown
 * @param sessions the processes that trained this run, in order; the last one is still running; empty if unknown
 * @param validation what the evaluations have found; null before the first, or if an earlier version saved it
 */
public record TrainerState(
        Position position,
        LossSum loss,
        Best best,
        @JsonDeserialize(contentUsing = TextOrNull.class) Map<String, String> generators,
        Plan plan,
        @JsonDeserialize(contentUsing = TextOrNull.class) Map<String, String> identity,
        List<Session> sessions,
        Validation validation) {

    public TrainerState {
        require("position", position);
        require("loss", loss);
        require("generators", generators);
        require("plan", plan);
        generators = textOnly(generators);
        identity = identity == null ? Map.of() : textOnly(identity);
        sessions = sessions == null ? List.of() : sessions;
    }

    private static void require(String key, Object value) {
        if (value == null) {
            throw new IllegalArgumentException("has no " + key);
        }
    }

    private static Map<String, String> textOnly(Map<String, String> values) {
        Map<String, String> texts = new LinkedHashMap<>(values);
        texts.values().removeIf(Objects::isNull);
        return Collections.unmodifiableMap(texts);
    }

    /**
     * Reads what is not text as null, which is then left out: a later version may add keys with other values, and
     * unknown keys are ignored.
     */
    private static final class TextOrNull extends ValueDeserializer<String> {

        @Override
        public String deserialize(JsonParser json, DeserializationContext context) {
            if (json.currentToken() == JsonToken.VALUE_STRING) {
                return json.getString();
            }
            json.skipChildren();
            return null;
        }
    }

    /** The position. Rows that were not recorded follow from the recorded size of a step, if that is known. */
    Position positionWithRows() {
        Long batchSize = recorded("batch size");
        Long accumulation = recorded("grad accum");
        return position.epochRows() != null || batchSize == null || accumulation == null
                ? position
                : position.withRows(position.epochStep() * batchSize * accumulation);
    }

    /** A recorded number of {@link #identity}, by its name or by the flag that version 0.1.0 wrote; null if absent. */
    private Long recorded(String name) {
        String value = identity.getOrDefault(name, identity.get("--" + name.replace(' ', '-')));
        return value != null && value.matches("[1-9][0-9]{0,8}") ? Long.valueOf(value) : null;
    }

    /** Index of the last epoch that finished, or -1. */
    public int lastEpoch() {
        return position.epoch() - 1;
    }

    /**
     * A place in the run, between two optimizer steps.
     *
     * @param epoch index, from zero, of the epoch in progress; at an epoch's end, of the next one
     * @param epochStep optimizer steps finished in that epoch
     * @param step optimizer steps finished in all
     * @param tokens trained on in all
     * @param epochRows rows of the epoch that its steps have trained on; null if they are not known, since an earlier
     *     version that did not record them saved it
     * @param skipped steps of all whose update was left out, since their loss or gradient norm was not finite; null if
     *     none
     */
    public record Position(int epoch, long epochStep, long step, long tokens, Long epochRows, Long skipped) {

        public Position {
            if (epoch < 0 || epochStep < 0 || step < epochStep || tokens < 0 || epochRows != null && epochRows < 0) {
                throw new IllegalArgumentException("There is no position at epoch " + epoch + ", step " + epochStep
                        + " of it, step " + step + " in all, after " + tokens + " tokens.");
            }
        }

        /** A place before which no step was skipped. */
        public Position(int epoch, long epochStep, long step, long tokens, Long epochRows) {
            this(epoch, epochStep, step, tokens, epochRows, null);
        }

        /** The same place, if the epoch's steps have trained on so many rows. */
        public Position withRows(long rows) {
            return new Position(epoch, epochStep, step, tokens, rows, skipped);
        }

        /** Steps whose update was left out, of all. */
        public long skippedSteps() {
            return skipped == null ? 0 : skipped;
        }

        /** The place after the next step: which has trained on so many tokens, or was skipped. */
        public Position after(long rows, long stepTokens, boolean isSkipped) {
            return new Position(
                    epoch,
                    epochStep + 1,
                    step + 1,
                    tokens + stepTokens,
                    rows,
                    isSkipped ? Long.valueOf(skippedSteps() + 1) : skipped);
        }

        /** The beginning of an epoch at this step. */
        public Position atEpoch(int index) {
            return new Position(index, 0, step, tokens, 0L, skipped);
        }
    }

    /** Sum of the token losses, in nats, and the number of tokens. */
    public record LossSum(double sum, long tokens) {}

    /**
     * The least epoch loss.
     *
     * @param loss mean over the epoch's tokens, in nats
     * @param epoch its index, or -1 if only the loss is known
     */
    public record Best(double loss, int epoch) {}

    /**
     * The evaluations of the run.
     *
     * @param bestLoss least validation loss, in nats per token
     * @param bestStep optimizer steps finished in all when it was measured
     * @param step optimizer steps finished in all at the last evaluation
     * @param since evaluations after the best one
     * @param tokens that each evaluation predicted; a loss over another number of tokens is not compared
     * @param last loss of the last evaluation; null if it was not finite, or if an earlier version saved it
     * @param rising evaluations in a row, up to the last one, each with a higher loss than the one before; null if none
     */
    public record Validation(
            double bestLoss, long bestStep, long step, int since, long tokens, Double last, Integer rising) {

        /** What is known after one more evaluation. One whose loss is not finite is never the best. */
        public static Validation after(Validation before, double loss, long step, long tokens) {
            if (!Double.isFinite(loss)) {
                return before == null ? null : before.worse(step, before.tokens, null, before.rising);
            }
            boolean better = before == null || before.tokens != tokens || loss < before.bestLoss;
            return better
                    ? new Validation(loss, step, step, 0, tokens, loss, null)
                    : before.worse(
                            step, tokens, loss, before.isBelow(loss) ? Integer.valueOf(before.risen() + 1) : null);
        }

        private Validation worse(long at, long number, Double loss, Integer times) {
            return new Validation(bestLoss, bestStep, at, since + 1, number, loss, times);
        }

        /** Whether the loss of the last evaluation was lower than that. One that is not known was the best, if it may be. */
        private boolean isBelow(double loss) {
            Double known = last == null && since == 0 ? Double.valueOf(bestLoss) : last;
            return known != null && known < loss;
        }

        /** Evaluations in a row, up to the last one, each with a higher loss than the one before. */
        public int risen() {
            return rising == null ? 0 : rising;
        }
    }

    /** The total to reach, in epochs and in optimizer steps. */
    public record Plan(int epochs, long totalSteps) {}

    /**
     * One process's part of the run.
     *
     * @param firstStep optimizer steps finished in all when it began
     * @param startedAt ISO 8601
     * @param seconds of training
     * @param tokens trained on
     */
    public record Session(long firstStep, String startedAt, double seconds, long tokens) {}
}
