package perdure.bundled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TyposTest {

    @Test
    void makesOneMistakeAndKeepsNames() {
        Set<String> seen = new HashSet<>();
        Random random = new Random(1);
        for (int i = 0; i < 3000; i++) {
            String typed = Typos.slip("What is the capital of France?", random);
            assertTrue(typed.endsWith("of France?"), typed);
            seen.add(typed);
        }
        assertTrue(seen.contains("What is teh capital of France?"), seen.toString());
        assertTrue(seen.contains("What is the captial of France?"), seen.toString());
        assertTrue(seen.contains("What is capital of France?"), seen.toString());
    }

    @Test
    void leavesASentenceAloneThatHasNoWords() {
        assertEquals("3 + 4", Typos.slip("3 + 4", new Random(1)));
    }
}
