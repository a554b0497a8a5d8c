package perdure.tokenizer;

/**
 * GPT-2's spelling of any byte as one visible character, which a {@code tokenizer.json} uses for its tokens.
 *
 * <p>Bytes that are printable in Latin-1 stand for themselves; the other 68 take the characters from U+0100 on. The ids
 * of the 256 byte tokens follow those characters in ascending order, as in GPT-2's own vocabulary.
 */
final class ByteLevel {

    private static final char[] CHARACTERS = new char[256];
    private static final int[] IDS = new int[256];
    private static final byte[] BYTES = new byte[512];

    static {
        int printing = 0;
        for (int value = 0; value < 256; value++) {
            if (prints(value)) {
                define(value, printing++, (char) value);
            }
        }
        int others = 0;
        for (int value = 0; value < 256; value++) {
            if (!prints(value)) {
                define(value, printing + others, (char) (256 + others));
                others++;
            }
        }
    }

    private ByteLevel() {}

    private static boolean prints(int value) {
        return value >= 33 && value <= 126 || value >= 161 && value != 173;
    }

    private static void define(int value, int id, char character) {
        CHARACTERS[value] = character;
        IDS[value] = id;
        BYTES[character] = (byte) value;
    }

    /** The id, 0 to 255, of the token for this single byte. */
    static int id(byte value) {
        return IDS[value & 0xff];
    }

    /** The visible spelling of the given bytes, one character per byte. */
    static String spell(byte[] bytes) {
        char[] spelling = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            spelling[i] = CHARACTERS[bytes[i] & 0xff];
        }
        return new String(spelling);
    }

    /** Whether each character stands for a byte. */
    static boolean isSpelling(String text) {
        return text.chars()
                .allMatch(character -> character < BYTES.length && CHARACTERS[BYTES[character] & 0xff] == character);
    }

    /** The bytes behind a {@linkplain #isSpelling spelling}. */
    static byte[] bytes(String spelling) {
        byte[] bytes = new byte[spelling.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = BYTES[spelling.charAt(i)];
        }
        return bytes;
    }
}
