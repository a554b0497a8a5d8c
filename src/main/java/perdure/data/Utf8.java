package perdure.data;

import perdure.tokenizer.Utf8Decoder;

/**
 * Decodes the UTF-8 of one file, strictly and from its start. Bytes that are not text are refused, with their place.
 */
final class Utf8 {

    private static final char BYTE_ORDER_MARK = '\ufeff';

    private final String name;
    private final Utf8Decoder decoder = Utf8Decoder.strict();
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
        for (int i = 0; i < length; i++) {
            if (bytes[i] == 0) {
                throw new IllegalArgumentException(
                        name + " is not text: it has a zero byte at offset " + (decoder.received() + i) + ".");
            }
        }
        int before = text.length();
        boolean wellFormed = decoder.decode(bytes, length, last, text);
        if (!started && text.length() > before) {
            started = true;
            if (text.charAt(before) == BYTE_ORDER_MARK) {
                text.deleteCharAt(before);
            }
        }
        if (!wellFormed) {
            throw new IllegalArgumentException(
                    name + " is not UTF-8 text: the byte at offset " + decoder.decoded() + " is wrong.");
        }
    }
}
