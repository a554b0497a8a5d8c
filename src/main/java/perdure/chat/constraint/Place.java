package perdure.chat.constraint;

import java.util.List;

/** A place in an unfinished value. It knows what may follow there, and how much must. */
interface Place {
    /**
     * Adds what the next byte leads to: nothing if it may not follow.
     *
     * @param next 0 to 255
     * @param here the stack that has this place on top
     */
    void next(int next, Stack here, List<Stack> out);

    /** The fewest bytes that complete the value; there is a next byte that needs one less. */
    long least();

    /** Whether the value may be complete already, so that only what follows it can tell: a number has no end mark. */
    default boolean mayEnd() {
        return false;
    }

    /** Whether any character that is plain text in a string may follow, and leads to this very place. */
    default boolean isFreeText() {
        return false;
    }

    /** Whether the place is inside an object or array of its own. */
    default boolean nests() {
        return false;
    }
}
