package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import perdure.tokenizer.TextPieces;

class SeparatedTextTest {

    private static final String SEPARATOR = "<|endoftext|>";

    /** The documents; each passage must be small. */
    private static List<String> documents(String text) throws IOException {
        List<String> documents = new ArrayList<>();
        StringBuilder document = new StringBuilder();
        assertTrue(new SeparatedText(SEPARATOR, passage -> {
                    assertTrue(passage.text().length() < 2 * TextPieces.LIMIT);
                    document.append(passage.text());
                    if (passage.endsDocument()) {
                        documents.add(document.toString());
                        document.setLength(0);
                    }
                    return true;
                })
                .read(new StringReader(text)));
        assertEquals("", document.toString());
        return documents;
    }

    @Test
    void splitsAtTheSeparator() throws IOException {
        assertEquals(
                List.of("one", "two\ntoo", "  three"), documents("one\n<|endoftext|>\ntwo\ntoo<|endoftext|>  three\n"));
        assertEquals(List.of("one"), documents("<|endoftext|>\n<|endoftext|>one<|endoftext|>\n \n"));
        assertEquals(List.of("<|endoftext"), documents("<|endoftext"));
    }

    @Property(tries = 40)
    void documentsOfAnyLengthAreWhole(
            @ForAll @Size(min = 1, max = 4) List<@IntRange(min = 1, max = 200_000) Integer> lengths)
            throws IOException {
        List<String> expected = new ArrayList<>();
        for (int length : lengths) {
            expected.add("a word <|endof ".repeat(length / 15 + 1).substring(0, length));
        }

        assertEquals(expected, documents(String.join("\n" + SEPARATOR + "\r\n", expected)));
    }
}
