package perdure.data;

import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;

/**
 * How files are read.
 *
 * @param encoding of their text
 * @param skipInvalid whether rows that cannot be read, and bytes that are no text, are left out and counted; else they
 *     are refused
 */
public record Reading(Charset encoding, boolean skipInvalid) {
    public static final Reading DEFAULT = new Reading(StandardCharsets.UTF_8, false);

    /** @throws IllegalArgumentException if Java has no encoding of that name */
    public static Charset encoding(String name) {
        try {
            return Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException unknown) {
            throw new IllegalArgumentException("encoding " + name + " is unknown.", unknown);
        }
    }

    /** What of it shapes the text; empty for the default. */
    String identity() {
        return equals(DEFAULT) ? "" : encoding.name() + (skipInvalid ? " without what is invalid" : "");
    }
}
