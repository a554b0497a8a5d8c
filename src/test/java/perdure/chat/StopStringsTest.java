package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void findsAStopStringThatSpansPieces() {
        StopStrings stops = new StopStrings(List.of("\nUser:"));
        assertEquals("Hello", stops.add("Hello\nUs"));
        assertEquals("", stops.add("er"));
        assertEquals("", stops.add(": and more"));
        assertTrue(stops.found());
        assertEquals("", stops.add("after"));
        assertEquals("", stops.end());
    }

    @Test
    void letsGoOfWhatDidNotBecomeAStopString() {
        StopStrings stops = new StopStrings(List.of("END"));
        assertEquals("the ", stops.add("the EN"));
        assertEquals("EN", stops.add("EN"));
        assertEquals("ENergy", stops.add("ergy"));
        assertFalse(stops.found());
    }

    @Test
    void handsOutWhatItHeldWhenTheTextEnds() {
        StopStrings stops = new StopStrings(List.of("END"));
        assertEquals("the ", stops.add("the EN"));
        assertEquals("EN", stops.end());
    }

    @Test
    void endsWhereTheFirstCompleteStopStringBegins() {
        StopStrings stops = new StopStrings(List.of("b", "abc", "ab"));
        assertEquals("x", stops.add("xabc"));
    }

    @Test
    void refusesEmptyAndTooManyStopStrings() {
        assertThrows(IllegalArgumentException.class, () -> new StopStrings(List.of("a", "")));
        assertThrows(IllegalArgumentException.class, () -> new StopStrings(List.of("a", "b", "c", "d", "e")));
    }

    @Property
    void holdsBackOnlyWhatMayStillBecomeAStopString(
            @ForAll @CharRange(from = 'a', to = 'c') @StringLength(max = 20) String text,
            @ForAll @Size(max = 3)
                    List<@CharRange(from = 'a', to = 'c') @StringLength(min = 1, max = 4) String> stops) {
        StopStrings stream = new StopStrings(stops);
        String shown = stream.add(text);
        String held = text.substring(shown.length());
        assertTrue(stream.found() || held.isEmpty() || stops.stream().anyMatch(stop -> stop.startsWith(held)));
    }

    /** Two letters and short stop strings make beginnings and overlaps frequent. */
    @Property
    void anySplitOfAnyTextEndsAtTheSamePlace(
            @ForAll @CharRange(from = 'a', to = 'b') @StringLength(max = 20) String text,
            @ForAll @Size(max = 3) List<@CharRange(from = 'a', to = 'b') @StringLength(min = 1, max = 5) String> stops,
            @ForAll @IntRange(min = 1, max = 6) int size) {
        StopStrings stream = new StopStrings(stops);
        StringBuilder shown = new StringBuilder();
        for (int from = 0; from < text.length(); from += size) {
            shown.append(stream.add(text.substring(from, Math.min(text.length(), from + size))));
        }
        shown.append(stream.end());

        assertEquals(beforeFirstCompleteStop(text, stops), shown.toString());
        assertEquals(stops.stream().anyMatch(text::contains), stream.found());
    }

    /** The definition, on the whole text. */
    private static String beforeFirstCompleteStop(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String upTo = text.substring(0, end);
            int longest = stops.stream()
                    .filter(upTo::endsWith)
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            if (longest > 0) {
                return text.substring(0, end - longest);
            }
        }
        return text;
    }
}
