package perdure.status;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * The processes that train a run together.
 *
 * @param world how many there are
 * @param launcher that started them
 * @param attempt how often it has started them before
 * @param lost the last loss of a rank, also by those that trained the run before; null if none is known
 */
public record WorkersStatus(int world, String launcher, int attempt, List<Rank> ranks, Loss lost) {

    /**
     * One of them, as it said of itself last. The one that waits least is the slowest.
     *
     * @param step finished in the run's whole life
     * @param heardSeconds since it was heard
     * @param waitSeconds that it has waited for others
     */
    public record Rank(
            int rank,
            String host,
            long step,
            @JsonProperty("heard_seconds") double heardSeconds,
            @JsonProperty("wait_seconds") double waitSeconds) {}

    /**
     * That ranks could not go on.
     *
     * @param reason which, and why
     * @param step finished before
     * @param at time when it was found, ISO 8601
     */
    public record Loss(String reason, long step, String at) {}
}
