package perdure.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class LinesTest {

    private static Lines lines(String text, int limit) {
        return new Lines(new ByteArrayInputStream(text.getBytes(UTF_8)), limit);
    }

    private static void next(String expected, long offset, Lines lines) throws IOException {
        assertEquals(expected, new String(lines.next(), UTF_8));
        assertEquals(offset, lines.offset());
    }

    @Test
    void keepTheirEndsAndSayWhereTheyAre() throws IOException {
        Lines lines = lines("one\n\nthree", 10);
        next("one\n", 4, lines);
        next("\n", 5, lines);
        assertTrue(lines.isWhole());
        next("three", 10, lines);
        assertFalse(lines.isWhole());
        assertNull(lines.next());
    }

    @Test
    void oneThatIsTooLongCanBePassedOver() throws IOException {
        // The second line is longer than the buffer. The third ends within one buffer.
        Lines lines = lines("short\n" + "x".repeat(200_000) + "\n" + "y".repeat(30) + "\nlast\n", 20);
        next("short\n", 6, lines);
        assertThrows(IllegalArgumentException.class, lines::next);
        lines.skip();
        assertEquals(200_007, lines.offset());
        assertThrows(IllegalArgumentException.class, lines::next);
        lines.skip();
        assertTrue(lines.isWhole());
        next("last\n", 200_043, lines);
    }

    @Test
    void oneThatIsTooLongMayHaveNoEnd() throws IOException {
        Lines lines = lines("x".repeat(100_000), 20);
        assertThrows(IllegalArgumentException.class, lines::next);
        lines.skip();
        assertFalse(lines.isWhole());
        assertNull(lines.next());
    }
}
