package perdure.data;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of the parts in which several processes do a piece of work.
 *
 * @param part from 1
 * @param of how many parts there are
 */
public record Share(int part, int of) {

    /** All of the work. */
    public static final Share ALL = new Share(1, 1);

    private static final int MOST_PARTS = 1_000_000;

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,7})/([0-9]{1,7})");

    public Share {
        if (of < 1 || of > MOST_PARTS || part < 1 || part > of) {
            throw new IllegalArgumentException(
                    "part " + part + "/" + of + " is not a part, such as 1/4, of 1 to " + MOST_PARTS + ".");
        }
    }

    /**
     * The part that a text such as {@code 2/4} names.
     *
     * @throws IllegalArgumentException if it names none
     */
    public static Share parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("part " + text + " is not a part, such as 1/4.");
        }
        return new Share(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    /** Whether a piece of the work, from zero, is in this part: pieces are dealt out in turn. */
    boolean has(long piece) {
        return piece % of == part - 1;
    }

    @Override
    public String toString() {
        return part + "/" + of;
    }
}
