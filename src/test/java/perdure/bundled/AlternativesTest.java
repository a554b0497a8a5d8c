package perdure.bundled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class AlternativesTest {

    @Test
    void combinesAllAlternativesOfALine() {
        assertEquals(List.of("Hi.", "Hi!", "Hi you.", "Hi you!"), Alternatives.expand("Hi[| you][.|!]"));
        assertEquals(List.of("Hi"), Alternatives.expand("Hi"));
    }

    @Test
    void refusesWhatIsNotClosed() {
        assertThrows(IllegalArgumentException.class, () -> Alternatives.expand("Hi [you"));
    }
}
