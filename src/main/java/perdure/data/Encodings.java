package perdure.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/** Guesses the encoding of bytes that are not UTF-8, so that a message can name it. Nothing is read by a guess. */
final class Encodings {

    /** East Asian encodings, each with the characters that are frequent in its texts, and their least share. */
    private enum Eastern {
        SHIFT_JIS("Shift_JIS", c -> isKana(c), 0.3, c -> isKana(c) || isHan(c)),
        EUC_JP("EUC-JP", c -> isKana(c), 0.3, c -> isKana(c) || isHan(c)),
        EUC_KR("EUC-KR", c -> c >= 0xac00 && c < 0xd7a4, 0.9, c -> true),
        GBK("GBK", c -> isCommon(c, "GB2312"), 0.8, Encodings::isHan),
        BIG5("Big5", Encodings::isHan, 0.8, Encodings::isHan);

        private final String charset;
        private final IntPredicate frequent;
        private final double share;
        private final IntPredicate expected;

        Eastern(String charset, IntPredicate frequent, double share, IntPredicate expected) {
            this.charset = charset;
            this.frequent = frequent;
            this.share = share;
            this.expected = expected;
        }

        private boolean fits(byte[] sample) {
            String text = decoded(sample, charset);
            if (text == null) {
                return false;
            }
            int[] foreign = text.chars()
                    .filter(c -> c > 0x7f && !(c >= 0x3000 && c < 0x3003) && c < 0xff00)
                    .toArray();
            long frequents = Arrays.stream(foreign).filter(frequent).count();
            long all = Arrays.stream(foreign).filter(expected).count();
            return foreign.length >= LEAST && frequents >= share * foreign.length && all >= 0.8 * foreign.length;
        }
    }

    /** With fewer characters a guess is chance. */
    private static final int LEAST = 4;

    private Encodings() {}

    private static boolean isKana(int character) {
        return character >= 0x3040 && character < 0x3100;
    }

    private static boolean isHan(int character) {
        return character >= 0x4e00 && character < 0xa000;
    }

    /** ASCII, and what East Asian texts consist of. */
    private static boolean isUsual(int character) {
        return character < 0x80
                || character >= 0x3000 && character < 0x3100
                || isHan(character)
                || character >= 0xac00 && character < 0xd7a4
                || character >= 0xff00 && character < 0xfff0;
    }

    private static boolean isCommon(int character, String charset) {
        return isHan(character) && Charset.forName(charset).newEncoder().canEncode((char) character);
    }

    /** Whether there are three bytes that would be a surrogate in UTF-8, which has none. */
    static boolean isSurrogate(byte[] bytes, int at) {
        return bytes[at] == (byte) 0xed && (bytes[at + 1] & 0xe0) == 0xa0 && (bytes[at + 2] & 0xc0) == 0x80;
    }

    /** The encoding of a file's beginning by its byte order mark and its zero bytes; null if they say nothing. */
    static String byZeros(byte[] head) {
        if (starts(head, 0xff, 0xfe, 0, 0) || starts(head, 0, 0, 0xfe, 0xff)) {
            return "UTF-32";
        }
        if (starts(head, 0xff, 0xfe) || starts(head, 0xfe, 0xff)) {
            return "UTF-16";
        }
        int[] zeros = new int[4];
        int whole = head.length / 4 * 4;
        for (int i = 0; i < whole; i++) {
            zeros[i % 4] += head[i] == 0 ? 1 : 0;
        }
        double most = 0.7 * whole / 4;
        if (whole < 8 || zeros[0] + zeros[1] + zeros[2] + zeros[3] < whole / 4) {
            return null;
        }
        if (zeros[2] >= most && zeros[3] >= most && zeros[0] < most) {
            return "UTF-32LE";
        }
        if (zeros[0] >= most && zeros[1] >= most && zeros[3] < most) {
            return "UTF-32BE";
        }
        if (zeros[0] + zeros[2] == 0 && zeros[1] + zeros[3] >= most) {
            return "UTF-16LE";
        }
        return zeros[1] + zeros[3] == 0 && zeros[0] + zeros[2] >= most ? "UTF-16BE" : null;
    }

    private static boolean starts(byte[] head, int... mark) {
        for (int i = 0; i < mark.length; i++) {
            if (head.length <= i || (head[i] & 0xff) != mark[i]) {
                return false;
            }
        }
        return true;
    }

    /** The encoding that bytes with an error in UTF-8 are likely to have; null if most of them are UTF-8. */
    static String likely(byte[] sample) {
        String zeros = byZeros(sample);
        if (zeros != null) {
            return zeros;
        }
        int wrong = 0;
        int right = 0;
        for (int i = 0; i < sample.length; i++) {
            int length = sequence(sample, i);
            right += length > 1 ? 1 : 0;
            wrong += length == 0 ? 1 : 0;
            i += Math.max(0, length - 1);
        }
        if (wrong == 0 || right > 2 * wrong) {
            return null;
        }
        for (Eastern eastern : Eastern.values()) {
            if (eastern.fits(sample)) {
                return eastern.charset;
            }
        }
        for (String wide : List.of("UTF-16LE", "UTF-16BE")) {
            String text = decoded(sample, wide);
            if (text != null && text.chars().filter(Encodings::isUsual).count() > 0.9 * text.length()) {
                return wide;
            }
        }
        return singleByte(sample);
    }

    /** Length of the UTF-8 sequence at a place: 1 for ASCII, 0 if it is wrong. One that the sample cuts is right. */
    private static int sequence(byte[] sample, int at) {
        int first = sample[at] & 0xff;
        int length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
        for (int i = at + 1; i < at + length && i < sample.length; i++) {
            if ((sample[i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return length;
    }

    /**
     * Latin letters stand beside ASCII letters, Cyrillic letters beside each other. Windows-1252 has signs where
     * ISO-8859-1 has controls. Null if most bytes are none of these.
     */
    private static String singleByte(byte[] sample) {
        int high = 0;
        int signs = 0;
        int latin = 0;
        int cyrillic = 0;
        int lower = 0;
        for (int i = 0; i < sample.length; i++) {
            int value = sample[i] & 0xff;
            if (value >= 0x80) {
                boolean letter = value >= 0xc0;
                high++;
                signs += value < 0xa0 ? 1 : 0;
                latin += letter && (isLetter(sample, i - 1) || isLetter(sample, i + 1)) || isWord(sample, i) ? 1 : 0;
                lower += value >= 0xe0 ? 1 : 0;
                cyrillic += letter && i > 0 && (sample[i - 1] & 0xff) >= 0xc0 ? 1 : 0;
            }
        }
        if (cyrillic > 0.6 * high) {
            // Small letters are the upper half of the one and the lower half of the other.
            return 2 * lower > high ? "windows-1251" : "KOI8-R";
        }
        if (2 * (signs + latin) <= high) {
            return null;
        }
        return signs > 0 ? "windows-1252" : "ISO-8859-1 (Latin-1)";
    }

    /** Whether it is a small letter between spaces: "à". */
    private static boolean isWord(byte[] sample, int at) {
        return (sample[at] & 0xff) >= 0xe0
                && at > 0
                && at + 1 < sample.length
                && sample[at - 1] == ' '
                && sample[at + 1] == ' ';
    }

    private static boolean isLetter(byte[] sample, int at) {
        return at >= 0 && at < sample.length && (sample[at] | 0x20) >= 'a' && (sample[at] | 0x20) <= 'z';
    }

    /** The text, or null if the bytes are not in that encoding. A character that the sample cuts is no error. */
    private static String decoded(byte[] sample, String charset) {
        CharsetDecoder decoder = Charset.forName(charset)
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        CharBuffer text = CharBuffer.allocate(sample.length + 1);
        CoderResult result = decoder.decode(ByteBuffer.wrap(sample), text, false);
        return result.isError() ? null : text.flip().toString();
    }
}
