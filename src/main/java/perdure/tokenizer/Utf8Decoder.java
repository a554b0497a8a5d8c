package perdure.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Decodes UTF-8 that comes in pieces, as blocks of a file and byte-level tokens do. However the bytes are split, no
 * character is broken, and the text is the same.
 */
public final class Utf8Decoder {
    private static final int CHARACTERS_AT_ONCE = 1 << 16;

    private final CharsetDecoder decoder;

    /** The beginning of a character whose other bytes have not come: three bytes at most. */
    private byte[] unfinished = {};

    private long decoded;

    private Utf8Decoder(CodingErrorAction malformed) {
        decoder =
                StandardCharsets.UTF_8.newDecoder().onMalformedInput(malformed).onUnmappableCharacter(malformed);
    }

    /** Stops at malformed bytes. */
    public static Utf8Decoder strict() {
        return new Utf8Decoder(CodingErrorAction.REPORT);
    }

    /** Turns malformed bytes into U+FFFD, as {@code new String(bytes, UTF_8)} does. */
    public static Utf8Decoder replacing() {
        return new Utf8Decoder(CodingErrorAction.REPLACE);
    }

    /**
     * Appends the characters that the next bytes complete.
     *
     * @param end whether a character must not go on after them
     * @return whether all bytes were well-formed; if not, the first wrong one is at {@link #decoded()}
     */
    public boolean decode(byte[] bytes, int length, boolean end, StringBuilder text) {
        ByteBuffer input = ByteBuffer.allocate(unfinished.length + length);
        input.put(unfinished).put(bytes, 0, length).flip();
        CharBuffer characters = CharBuffer.allocate(Math.min(CHARACTERS_AT_ONCE, input.limit() + 1));
        decoder.reset();
        CoderResult result;
        do {
            result = decoder.decode(input, characters.clear(), end);
            text.append(characters.flip());
        } while (result.isOverflow());
        decoded += input.position();
        unfinished = new byte[input.remaining()];
        input.get(unfinished);
        return !result.isError();
    }

    /** The characters that these bytes complete. */
    public String decode(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        decode(bytes, bytes.length, false, text);
        return text.toString();
    }

    /** The end of the text: U+FFFD if it ends inside a character, else nothing. */
    public String end() {
        StringBuilder text = new StringBuilder();
        decode(new byte[0], 0, true, text);
        return text.toString();
    }

    /** Bytes of whole characters so far. */
    public long decoded() {
        return decoded;
    }

    /** Bytes so far, those of an unfinished character included. */
    public long received() {
        return decoded + unfinished.length;
    }
}
