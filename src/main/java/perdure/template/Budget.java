package perdure.template;

/** What one parsing or rendering may still cost; whoever goes beyond it is stopped with one line. */
final class Budget {
    /** Evaluated nodes, and items that are gone through. */
    static final long MOST_STEPS = 5_000_000;
    /** Characters of the output, and of any text on the way to it. */
    static final int LONGEST_TEXT = 1 << 24;
    /** Characters of all texts together. */
    static final long MOST_CHARACTERS = 1L << 30;
    /** Nesting of what is evaluated, macro calls included. On a stack of 512 KiB there is room for twice as much. */
    static final int MOST_DEPTH = 400;

    private long steps;
    private long characters;
    private int depth;

    void step() {
        steps(1);
    }

    void steps(long count) {
        steps += Math.min(count, MOST_STEPS + 1);
        if (steps > MOST_STEPS) {
            throw new TemplateException("the template takes more than " + MOST_STEPS + " steps");
        }
    }

    /** Asks for a text before it is made. */
    void text(long length) {
        more(0, length);
    }

    /** Asks for more of a text that is there already. */
    void more(long length, long added) {
        if (added > LONGEST_TEXT - length) {
            throw new TemplateException("the template makes a text of more than " + LONGEST_TEXT + " characters");
        }
        work(added);
    }

    /** Counts characters that are looked at or copied. */
    void work(long count) {
        characters += Math.min(count, MOST_CHARACTERS + 1);
        if (characters > MOST_CHARACTERS) {
            throw new TemplateException("the template goes through more than " + MOST_CHARACTERS + " characters");
        }
    }

    /** Counts the search for one text in another, at the worst a comparison for every pair of characters. */
    void search(String text, String wanted) {
        work(text.length() + ((long) text.length() * wanted.length() >> 6));
    }

    /** Goes one level deeper, which is a step too. A fault ends the rendering: only success needs {@link #leave}. */
    void enter() {
        step();
        if (++depth > MOST_DEPTH) {
            throw new TemplateException("the template is nested more than " + MOST_DEPTH + " levels deep");
        }
    }

    void leave() {
        depth--;
    }
}
