package perdure.bundled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TypingTest {

    private static final String SENTENCE = "What is the capital of France?";

    @Test
    void changesLettersAndPunctuationOnly() {
        Set<String> seen = new HashSet<>();
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            seen.add(Typing.vary(SENTENCE, false, random));
        }
        assertTrue(seen.contains("what is the capital of france"), seen.toString());
        assertTrue(seen.contains("What is the capital of France"), seen.toString());
        assertEquals(
                1,
                seen.stream()
                        .map(typed -> Question.key(java.util.List.of(typed)))
                        .distinct()
                        .count());
    }

    @Test
    void keepsTheLettersOfCasedSentences() {
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            assertTrue(Typing.vary("I am Orlo.", true, random).startsWith("I am Orlo"));
        }
    }

    @Test
    void spellsInOtherWays() {
        Set<String> seen = new HashSet<>();
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            seen.add(Typing.respell("What is Ann's favourite colour?", random));
        }
        assertTrue(seen.contains("What's Ann's favorite color?"), seen.toString());
        assertTrue(seen.contains("Whats Anns favourite colour?"), seen.toString());
    }
}
