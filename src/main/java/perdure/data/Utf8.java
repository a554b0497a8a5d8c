package perdure.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Decodes the UTF-8 of one file, strictly and from its start. Bytes that are not text are refused, with their place.
 */
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
     * @param last whether these are the last bytes, so that no character may be unfinished
     * @throws IllegalArgumentException that names the file and the offset, if they are not text
     */
    void decode(byte[] bytes, int length, boolean last, StringBuilder text) {
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
            result = decoder.decode(input, characters, last);
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
