package perdure.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * GPT-2's pre-tokenizer, the one that {@code ByteLevel} with {@code use_regex} stands for. It cuts a text into words:
 *
 * <pre>{@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}</pre>
 *
 * <p>The classes of characters are those of Unicode 13, whatever the Java version knows, so that equal texts give equal
 * words everywhere. A letter that is newer counts as a sign.
 */
final class PreTokenizer {

    private static final byte SIGN = 0;
    private static final byte LETTER = 1;
    private static final byte NUMBER = 2;
    private static final byte SPACE = 3;

    private static final List<String> CONTRACTIONS = List.of("'s", "'t", "'re", "'ve", "'m", "'ll", "'d");

    /** Unicode's White_Space property, which no version has changed since the sixth. */
    private static final String SPACES = "\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
            + "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

    private static final byte[] CLASSES = classes();

    private PreTokenizer() {}

    private static byte[] classes() {
        byte[] classes = new byte[Character.MAX_CODE_POINT + 1];
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                PreTokenizer.class.getResourceAsStream("unicode-13.txt"), StandardCharsets.US_ASCII))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.startsWith("#")) {
                    String[] ranges = line.split(" ");
                    byte kind = ranges[0].equals("L") ? LETTER : NUMBER;
                    for (String range : List.of(ranges).subList(1, ranges.length)) {
                        String[] ends = range.split("-");
                        int last = Integer.parseInt(ends[ends.length - 1], 16);
                        Arrays.fill(classes, Integer.parseInt(ends[0], 16), last + 1, kind);
                    }
                }
            }
        } catch (IOException exception) {
            throw new UncheckedIOException(exception);
        }
        SPACES.chars().forEach(space -> classes[space] = SPACE);
        return classes;
    }

    /** Passes on the words of a text in order; joined, they are the text. */
    static void split(String text, Consumer<String> words) {
        for (int start = 0; start < text.length(); ) {
            int end = end(text, start);
            words.accept(text.substring(start, end));
            start = end;
        }
    }

    /** The end of the word that begins at {@code start}. */
    private static int end(String text, int start) {
        for (String contraction : text.charAt(start) == '\'' ? CONTRACTIONS : List.<String>of()) {
            if (text.startsWith(contraction, start)) {
                return start + contraction.length();
            }
        }
        int first = text.charAt(start) == ' ' && start + 1 < text.length() ? start + 1 : start;
        byte kind = CLASSES[text.codePointAt(first)];
        if (kind != SPACE) {
            return endOfRun(text, first, kind);
        }
        int end = endOfRun(text, start, SPACE);
        // The last space of several belongs to what follows, as one word with it or alone.
        return end < text.length() && end > start + 1 ? end - 1 : end;
    }

    private static int endOfRun(String text, int start, byte kind) {
        int end = start;
        while (end < text.length()) {
            int character = text.codePointAt(end);
            if (CLASSES[character] != kind) {
                break;
            }
            end += Character.charCount(character);
        }
        return end;
    }
}
