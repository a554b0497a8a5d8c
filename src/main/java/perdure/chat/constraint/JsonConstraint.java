package perdure.chat.constraint;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Holds answers, one after the other, to their format, token by token. Knows bytes and ids, not the model.
 *
 * <p>The answer is complete when its tokens are used up, if they are enough for the shortest answer byte by byte: a
 * token is offered only if the tokens left after it are as many as the bytes that must still come, and every byte is a
 * token. With fewer tokens, those are offered that come closest to the end.
 */
public final class JsonConstraint {
    private static final int MASKS = 64;

    private final TokenTrie tokens;
    private final int[] stopIds;
    private final Map<State, Mask> masks = new LinkedHashMap<>(MASKS, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<State, Mask> eldest) {
            return size() > MASKS;
        }
    };

    private final JsonFormat format;
    private State state;

    /** @param most bytes that one of these tokens leaves to be written at least */
    private record Mask(BitSet ids, long most) {}

    /** @param stopIds end an answer and are no text */
    public JsonConstraint(JsonFormat format, TokenTrie tokens, int... stopIds) {
        this.tokens = tokens;
        this.stopIds = stopIds.clone();
        this.format = format;
        begin();
    }

    /** Begins another answer. What was found out about the format stays. */
    public void begin() {
        state = format.start();
    }

    /**
     * The ids that may come next; none if the answer has ended. The set must not be changed.
     *
     * @param remaining tokens that may still come, this one included
     */
    public BitSet allowed(int remaining) {
        if (state.ended()) {
            return new BitSet();
        }
        Mask mask = masks.computeIfAbsent(state, any -> mask(Long.MAX_VALUE));
        if (mask.most < remaining) {
            return mask.ids;
        }
        // The end is near, or too far away: then the tokens that come closest to it are left.
        for (long least = remaining - 1L; ; least = closest(mask.ids)) {
            BitSet ids = mask(least).ids;
            if (!ids.isEmpty()) {
                return ids;
            }
        }
    }

    private Mask mask(long mostLeast) {
        BitSet ids = new BitSet();
        long most = tokens.allow(state, mostLeast, ids);
        if (state.complete()) {
            for (int id : stopIds) {
                ids.set(id);
            }
        }
        return new Mask(ids, most);
    }

    private long closest(BitSet ids) {
        return ids.stream()
                .mapToLong(id -> state.next(tokens.bytes(id)).least())
                .min()
                .orElseThrow(() -> new IllegalStateException("No token can follow."));
    }

    /** Goes on with one of the allowed ids, other than a stop id. */
    public void accept(int id) {
        state = state.next(tokens.bytes(id));
        if (state == null) {
            throw new IllegalStateException("Token " + id + " was not allowed.");
        }
    }

    /** Whether the answer so far is whole. */
    public boolean complete() {
        return state.complete();
    }
}
