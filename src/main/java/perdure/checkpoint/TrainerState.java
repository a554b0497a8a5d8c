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
 * Everything besides weights and moments that the next process needs to carry on to the bit: the content of
 * {@code trainer_state.json}. The file must have all of it but {@code best}, {@code identity} and {@code sessions}, and
 * every number of what it has.
 *
 * @param position where the run is
 * @param loss sums of the epoch in progress, so that its mean stays right when it was interrupted
 * @param best the best finished epoch of the whole life of the run, or null before the first
 * @param generators random generator states by device type ({@code cpu}, {@code cuda}), base64
 * @param plan what the learning-rate schedule was computed for
 * @param identity what shapes the run, by flag or by name, as {@link RunIdentity} compares it; empty if unknown
 * @param sessions the processes that trained this run, in order; the last one is still under way; empty if unknown
 */
public record TrainerState(
        Position position,
        LossSum loss,
        Best best,
        @JsonDeserialize(contentUsing = TextOrNull.class) Map<String, String> generators,
        Plan plan,
        @JsonDeserialize(contentUsing = TextOrNull.class) Map<String, String> identity,
        List<Session> sessions) {

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

    /** A later version may add keys whose values are no text: these are ignored like every key that is unknown. */
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

    /** Index of the last epoch that finished, or -1. */
    public int lastEpoch() {
        return position.epoch() - 1;
    }

    /**
     * @param epoch index, from zero, of the epoch in progress; at an epoch's end the next one
     * @param epochStep optimizer steps finished in that epoch
     * @param step optimizer steps finished in all
     * @param tokens trained on in all
     */
    public record Position(int epoch, long epochStep, long step, long tokens) {

        public Position {
            if (epoch < 0 || epochStep < 0 || step < epochStep || tokens < 0) {
                throw new IllegalArgumentException("There is no position at epoch " + epoch + ", step " + epochStep
                        + " of it, step " + step + " in all, after " + tokens + " tokens.");
            }
        }
    }

    /** Sum of the token losses, in nats, and how many tokens it is over. */
    public record LossSum(double sum, long tokens) {}

    /**
     * The least epoch loss.
     *
     * @param loss mean over the epoch's tokens, in nats
     * @param epoch its index, or -1 where only the loss is known
     */
    public record Best(double loss, int epoch) {}

    /** The total that was asked for, in epochs and optimizer steps. */
    public record Plan(int epochs, long totalSteps) {}

    /**
     * One process's share of the run.
     *
     * @param firstStep the step it began after
     * @param startedAt ISO 8601
     * @param seconds it has trained
     */
    public record Session(long firstStep, String startedAt, double seconds, long tokens) {}
}
