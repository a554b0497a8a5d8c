package perdure.template;

/** What one parsing or rendering may still cost; whoever goes beyond it is stopped with one line. */
final class Budget {
    /** Evaluated nodes, and items that are gone through. */
    static final long MOST_STEPS = 5_000_000;
    /** Characters of the output, and of any text on the way to it. */
    static final int LONGEST_TEXT = 1 << 24;
    /** Characters of all texts that are made, together. */
    static final long MOST_CHARACTERS = 1L << 28;
    /** Characters that are looked at. */
    static final long MOST_WORK = 1L << 31;
    /** Nesting of what is evaluated, macro calls included, for which half of an ordinary stack (512 KiB) has room. */
    static final int MOST_DEPTH = 400;

    private long steps;
    private long characters;
    private long work;
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
        characters += added;
        if (characters > MOST_CHARACTERS) {
            throw new TemplateException("the template makes texts of more than " + MOST_CHARACTERS + " characters");
        }
    }

    /** Counts characters that are looked at. */
    void work(long count) {
        work += Math.min(count, MOST_WORK + 1);
        if (work > MOST_WORK) {
            throw new TemplateException("the template goes through more than " + MOST_WORK + " characters");
        }
    }

    /** Counts the characters of a value that is a text. */
    void work(Object value) {
        String text = Values.text(value);
        work(text == null ? 0L : text.length());
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
