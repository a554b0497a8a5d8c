package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class Utf8StreamTest {
    @Test
    void waitsForTheWholeCharacter() {
        Utf8Stream stream = new Utf8Stream();
        byte[] snowman = "☃".getBytes(StandardCharsets.UTF_8);
        assertEquals("", stream.add(Arrays.copyOf(snowman, 2)));
        assertEquals("☃", stream.add(Arrays.copyOfRange(snowman, 2, 3)));
        assertEquals("", stream.end());
    }

    @Test
    void showsAnUnfinishedCharacterAtTheEndAsTheReplacement() {
        Utf8Stream stream = new Utf8Stream();
        assertEquals("a", stream.add(new byte[] {'a', (byte) 0xe2, (byte) 0x98}));
        assertEquals("\ufffd", stream.end());
    }

    @Property
    void anySplitOfAnyTextGivesTheText(
            @ForAll String anything, @ForAll @Size(max = 8) List<@IntRange(max = 60) Integer> cuts) {
        String text = anything.replaceAll("\\p{Cs}", "?"); // lone surrogates are no text
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Utf8Stream stream = new Utf8Stream();
        StringBuilder joined = new StringBuilder();
        for (byte[] piece : split(bytes, cuts)) {
            String characters = stream.add(piece);
            assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(characters), "no half of a surrogate pair");
            joined.append(characters);
        }
        assertEquals(text, joined + stream.end());
    }

    @Property
    void anySplitOfAnyBytesGivesWhatJavaDecodes(
            @ForAll byte[] bytes, @ForAll @Size(max = 8) List<@IntRange(max = 60) Integer> cuts) {
        Utf8Stream stream = new Utf8Stream();
        StringBuilder joined = new StringBuilder();
        split(bytes, cuts).forEach(piece -> joined.append(stream.add(piece)));
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
}
