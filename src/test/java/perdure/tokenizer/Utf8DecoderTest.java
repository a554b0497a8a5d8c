package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class Utf8DecoderTest {
    @Test
    void waitsForTheWholeCharacter() {
        Utf8Decoder stream = Utf8Decoder.replacing();
        byte[] snowman = "☃".getBytes(StandardCharsets.UTF_8);
        assertEquals("", stream.decode(Arrays.copyOf(snowman, 2)));
        assertEquals("☃", stream.decode(Arrays.copyOfRange(snowman, 2, 3)));
        assertEquals("", stream.end());
    }

    @Test
    void showsAnUnfinishedCharacterAtTheEndAsTheReplacement() {
        Utf8Decoder stream = Utf8Decoder.replacing();
        assertEquals("a", stream.decode(new byte[] {'a', (byte) 0xe2, (byte) 0x98}));
        assertEquals("\ufffd", stream.end());
    }

    @Property
    void anySplitOfAnyTextGivesTheText(
            @ForAll String anything, @ForAll @Size(max = 8) List<@IntRange(max = 60) Integer> cuts) {
        String text = anything.replaceAll("\\p{Cs}", "?"); // lone surrogates are no text
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Utf8Decoder stream = Utf8Decoder.replacing();
        StringBuilder joined = new StringBuilder();
        for (byte[] piece : split(bytes, cuts)) {
            String characters = stream.decode(piece);
            assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(characters), "no half of a surrogate pair");
            joined.append(characters);
        }
        assertEquals(text, joined + stream.end());
    }

    @Property
    void anySplitOfAnyBytesGivesWhatJavaDecodes(
            @ForAll byte[] bytes, @ForAll @Size(max = 8) List<@IntRange(max = 60) Integer> cuts) {
        Utf8Decoder stream = Utf8Decoder.replacing();
        StringBuilder joined = new StringBuilder();
        split(bytes, cuts).forEach(piece -> joined.append(stream.decode(piece)));
        assertEquals(new String(bytes, StandardCharsets.UTF_8), joined + stream.end());
    }

    private static List<byte[]> split(byte[] bytes, List<Integer> cuts) {
        int[] borders = IntStream.concat(
                        IntStream.of(0, bytes.length), cuts.stream().mapToInt(cut -> Math.min(cut, bytes.length)))
                .sorted()
                .toArray();
        return IntStream.range(1, borders.length)
                .mapToObj(i -> Arrays.copyOfRange(bytes, borders[i - 1], borders[i]))
                .toList();
    }

    /** Where Java's own decoder finds the first wrong byte. */
    @Property
    void strictlyItStopsAtTheFirstWrongByte(
            @ForAll byte[] bytes, @ForAll @Size(max = 8) List<@IntRange(max = 60) Integer> cuts) {
        ByteBuffer whole = ByteBuffer.wrap(bytes);
        CoderResult expected =
                StandardCharsets.UTF_8.newDecoder().decode(whole, CharBuffer.allocate(bytes.length + 1), true);
        Utf8Decoder decoder = Utf8Decoder.strict();
        boolean wellFormed = true;
        for (byte[] piece : split(bytes, cuts)) {
            wellFormed = wellFormed && decoder.decode(piece, piece.length, false, new StringBuilder());
        }
        wellFormed = wellFormed && decoder.decode(new byte[0], 0, true, new StringBuilder());
        assertEquals(!expected.isError(), wellFormed);
        assertEquals(whole.position(), decoder.decoded());
    }
}
