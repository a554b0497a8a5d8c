package perdure.bundled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WordingTest {

    @Test
    void turnsAQuestionIntoAClause() {
        assertEquals("what the capital of France is?", Wording.embedded("What is the capital of France?"));
        assertEquals("what colour grass is?", Wording.embedded("What colour is grass?"));
        assertEquals("how many legs a spider has?", Wording.embedded("How many legs does a spider have?"));
        assertEquals("what cows say?", Wording.embedded("What do cows say?"));
        assertEquals("how old my uncle is?", Wording.embedded("How old is my uncle?"));
        assertEquals("where I put my hat?", Wording.embedded("Where did I put my hat?"));
        assertEquals("if a duck can fly?", Wording.embedded("Can a duck fly?"));
        assertEquals("what day comes after Monday?", Wording.embedded("What day comes after Monday?"));
        assertEquals("which is bigger, 3 or 4?", Wording.embedded("Which is bigger, 3 or 4?"));
    }

    @Test
    void asksPolitelyAndIndirectly() {
        Set<String> seen = reworded("What is the capital of France?");
        assertTrue(seen.contains("Do you know what the capital of France is?"), seen.toString());
        assertTrue(seen.contains("Please, what is the capital of France?"), seen.toString());
        assertTrue(seen.contains("What is the capital of France, please?"), seen.toString());
        assertTrue(seen.contains("What is the capital of France? Thanks!"), seen.toString());
        assertTrue(reworded("Count to 5.").contains("Could you please count to 5."));
        seen.forEach(sentence -> assertTrue(sentence.contains("capital of France"), sentence));
    }

    @Test
    void leavesStatementsAlone() {
        assertEquals(Set.of("My name is Ada."), reworded("My name is Ada."));
    }

    private static Set<String> reworded(String sentence) {
        Set<String> seen = new HashSet<>();
        Random random = new Random(1);
        for (int i = 0; i < 5000; i++) {
            seen.add(Wording.reword(sentence, random));
        }
        return seen;
    }
}
