package perdure.chat;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Decodes bytes that arrive in pieces, as those of byte-level tokens do, into text that is never broken inside a
 * character. However the bytes are split, the pieces of text add up to {@code new String(bytes, UTF_8)}: malformed
 * bytes become U+FFFD.
 */
public final class Utf8Stream {
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    /** The first bytes of a character that is not complete yet: at most three. */
    private byte[] pending = {};

    /** The characters that these bytes complete. */
    public String add(byte[] bytes) {
        return decode(bytes, false);
    }

    /** The end of the text: U+FFFD if it ends inside a character, else nothing. */
    public String end() {
        return decode(new byte[0], true);
    }

    private String decode(byte[] bytes, boolean end) {
        byte[] joined = Arrays.copyOf(pending, pending.length + bytes.length);
        System.arraycopy(bytes, 0, joined, pending.length, bytes.length);
        ByteBuffer input = ByteBuffer.wrap(joined);
        CharBuffer output = CharBuffer.allocate(joined.length + 1); // no byte becomes more than one char
        decoder.decode(input, output, end);
        pending = Arrays.copyOfRange(joined, input.position(), joined.length);
        return output.flip().toString();
    }
}
