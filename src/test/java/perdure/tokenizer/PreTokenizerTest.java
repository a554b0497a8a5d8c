package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class PreTokenizerTest {

    private static final Pattern DEFINITION = Pattern.compile(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        PreTokenizer.split(text, words::add);
        return words;
    }

    private static List<String> definition(String text) {
        return DEFINITION.matcher(text).results().map(match -> match.group()).toList();
    }

    @Test
    void cutsAsGpt2Does() {
        assertEquals(
                List.of("I", "'ll", " say", ":", " ", " '", "it", "'s", " 12", "nights"),
                words("I'll say:  'it's 12nights"));
        assertEquals(List.of("So", "\n", " go", "\n \n"), words("So\n go\n \n"));
    }

    @Property(tries = 2000)
    void agreesWithTheRegularExpression(
            @ForAll
                    @StringLength(max = 40)
                    @Chars({
                        'a', 'B', '\'', 's', 't', 'l', 'd', ' ', '\n', '\t', '1', '.', '\u00e9', '\u3000', '\u0661',
                        '\u4e2d', '\ud83d', '\ude42', '\u00b2'
                    })
                    String text) {
        assertEquals(definition(text), words(text));
        assertEquals(text, String.join("", words(text)));
    }

    /** Every character, between letters, between digits and alone, as Unicode 13 classes it. */
    @Test
    void aNewerJavaChangesNothing() {
        int newer = 0;
        for (int character = 0; character <= Character.MAX_CODE_POINT; character++) {
            String text = "a" + Character.toString(character) + "1" + Character.toString(character) + "!";
            if (!definition(text).equals(words(text))) {
                newer++;
                assertTrue(Pattern.matches("[\\p{L}\\p{N}]", Character.toString(character)), text);
            }
        }
        // Java 17 knows Unicode 13, and Java 25 about 9,000 letters and numbers more.
        assertTrue(Runtime.version().feature() == 17 ? newer == 0 : newer < 20_000, newer + " differ");
    }

    @Test
    void aLetterNewerThanUnicode13IsASign() {
        assertEquals(List.of("a", "\ud805\udf40!", "b"), words("a\ud805\udf40!b")); // Ahom letter, Unicode 14
        assertEquals(List.of("a\ud82c\udd00"), words("a\ud82c\udd00")); // Khitan, Unicode 13
    }
}
