package perdure.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Strict UTF-8 of one file, from its start: what is not text is refused with its place. */
final class Utf8 {

    private static final char BYTE_ORDER_MARK = '\ufeff';

    private final String name;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final CharBuffer characters = CharBuffer.allocate(1 << 16);
    private byte[] unfinished = {};
    private long offset;
    private boolean started;

    /** @param name of the file, for messages */
    Utf8(String name) {
        this.name = name;
    }

    /**
     * Decodes the next bytes of the file.
     *
     * @param whole whether a character must not go on after them
     * @throws IllegalArgumentException when they are not text
     */
    void decode(byte[] bytes, int length, boolean whole, StringBuilder text) {
        ByteBuffer input = ByteBuffer.allocate(unfinished.length + length);
        input.put(unfinished).put(bytes, 0, length).flip();
        for (int i = 0; i < input.limit(); i++) {
            if (input.get(i) == 0) {
                throw new IllegalArgumentException(
                        name + " is not text: it has a zero byte at offset " + (offset + i) + ".");
            }
        }
        decoder.reset();
        CoderResult result;
        do {
            characters.clear();
            result = decoder.decode(input, characters, whole);
            characters.flip();
            if (!started && characters.hasRemaining()) {
                started = true;
                if (characters.get(0) == BYTE_ORDER_MARK) {
                    characters.get();
                }
            }
            text.append(characters);
        } while (result.isOverflow());
        if (result.isError()) {
            throw new IllegalArgumentException(
                    name + " is not UTF-8 text: the byte at offset " + (offset + input.position()) + " is wrong.");
        }
        offset += input.position();
        unfinished = new byte[input.remaining()];
        input.get(unfinished);
    }
}
