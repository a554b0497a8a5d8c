package perdure.chat.constraint;

import java.util.List;

/** Unfinished values inside each other, the innermost on top. Immutable; stacks share what lies below. */
final class Stack {
    /** The document is complete. */
    static final Stack END = new Stack(null, null, 0, 0);

    private final Place top;
    private final Stack below;
    private final long least;
    private final int depth;
    /** 0 until it is asked for: most stacks are passed on the way through a token and never compared. */
    private int hash;

    private Stack(Place top, Stack below, long least, int depth) {
        this.top = top;
        this.below = below;
        this.least = least;
        this.depth = depth;
    }

    Stack push(Place place) {
        return new Stack(place, this, least + place.least(), depth + (place.nests() ? 1 : 0));
    }

    Stack below() {
        return below;
    }

    /** The fewest bytes that complete the document. */
    long least() {
        return least;
    }

    /** Objects and arrays that are open. */
    int depth() {
        return depth;
    }

    void next(int next, List<Stack> out) {
        if (top != null) {
            top.next(next, this, out);
        }
    }

    /** Whether the document may end here. */
    boolean complete() {
        return top == null || top.mayEnd() && below.complete();
    }

    boolean isFreeText() {
        return top != null && top.isFreeText();
    }

    @Override
    public boolean equals(Object other) {
        if (this == other) {
            return true;
        }
        return other instanceof Stack stack
                && hashCode() == stack.hashCode()
                && top != null
                && top.equals(stack.top)
                && below.equals(stack.below);
    }

    @Override
    public int hashCode() {
        if (hash == 0 && top != null) {
            hash = 31 * below.hashCode() + top.hashCode();
        }
        return hash;
    }
}
