package perdure.chat.constraint;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Where a document stands after some bytes: every way to read them. There is one way unless alternatives of a schema
 * begin alike. Immutable.
 */
final class State {
    /** Ways to read that are followed. Of more, those that can be completed soonest stay. */
    private static final int MOST = 64;

    private final List<Stack> stacks;
    private final long least;
    private final boolean freeText;

    private State(List<Stack> stacks) {
        this.stacks = stacks;
        long fewest = Long.MAX_VALUE;
        boolean free = true;
        for (Stack stack : stacks) {
            fewest = Math.min(fewest, stack.least());
            free &= stack.isFreeText();
        }
        this.least = fewest;
        this.freeText = free;
    }

    /** Before the first byte of a value. */
    static State before(Schema schema) {
        return new State(List.of(Stack.END.push(new ValueStart(schema, false))));
    }

    /** The state after one more byte, 0 to 255; null if it may not follow. */
    State next(int next) {
        List<Stack> all = new ArrayList<>(1);
        for (Stack stack : stacks) {
            stack.next(next, all);
        }
        if (all.isEmpty()) {
            return null;
        } else if (all.size() == 1) {
            return all.get(0) == stacks.get(0) && stacks.size() == 1 ? this : new State(all);
        }
        List<Stack> distinct = all.stream().distinct().toList();
        return new State(
                distinct.size() <= MOST
                        ? distinct
                        : distinct.stream()
                                .sorted(Comparator.comparingLong(Stack::least))
                                .limit(MOST)
                                .toList());
    }

    /** The state after some more bytes; null if they may not follow. */
    State next(byte[] bytes) {
        State state = this;
        for (int i = 0; i < bytes.length && state != null; i++) {
            state = state.next(bytes[i] & 0xff);
        }
        return state;
    }

    /** The fewest bytes that complete the document. */
    long least() {
        return least;
    }

    /** Whether any characters that are plain text in a string may follow, and lead to this very state. */
    boolean isFreeText() {
        return freeText;
    }

    /** Whether the document may end here. */
    boolean complete() {
        return stacks.stream().anyMatch(Stack::complete);
    }

    /** Whether the document is complete and no byte may follow. */
    boolean ended() {
        return stacks.stream().allMatch(stack -> stack == Stack.END);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof State state && stacks.equals(state.stacks);
    }

    @Override
    public int hashCode() {
        return stacks.hashCode();
    }
}
