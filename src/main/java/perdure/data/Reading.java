package perdure.data;

import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.List;

/**
 * How files are read.
 *
 * @param encoding of their text
 * @param skipInvalid whether rows that cannot be read, and bytes that are no text, are left out and counted; else they
 *     are refused
 * @param separator what ends a document in files of plain text; null: each file is one document
 */
public record Reading(Charset encoding, boolean skipInvalid, String separator) {
    public static final Reading DEFAULT = new Reading(StandardCharsets.UTF_8, false, null);

    private static final int LONGEST_SEPARATOR = 1000;

    public Reading {
        if (separator != null && (separator.isEmpty() || separator.length() > LONGEST_SEPARATOR)) {
            throw new IllegalArgumentException("document separator of " + separator.length()
                    + " characters is not one of 1 to " + LONGEST_SEPARATOR + ".");
        }
    }

    public Reading encoding(Charset other) {
        return new Reading(other, skipInvalid, separator);
    }

    public Reading skipInvalid(boolean skip) {
        return new Reading(encoding, skip, separator);
    }

    public Reading separator(String text) {
        return new Reading(encoding, skipInvalid, text);
    }

    /**
     * The encoding of a name as Java or Python spells it, such as {@code latin1} and {@code latin-1}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Charset encoding(String name) {
        for (String spelling : List.of(name, name.replaceAll("[-_ ]", ""), name.replaceAll("(?i)[-_]sig$", ""))) {
            try {
                return Charset.forName(spelling);
            } catch (IllegalCharsetNameException | UnsupportedCharsetException unknown) {
                // The next spelling may be known.
            }
        }
        throw new IllegalArgumentException("encoding " + name + " is unknown.");
    }

    /** What of it shapes the text; empty for the default. */
    String identity() {
        return equals(DEFAULT)
                ? ""
                : encoding.name()
                        + (skipInvalid ? " without what is invalid" : "")
                        + (separator == null ? "" : " separated by " + separator);
    }
}
