package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenizingProgressTest {
    private static final long SECOND = 1_000_000_000;

    private final List<String> said = new ArrayList<>();
    private long now = 7 * SECOND;

    private TokenizingProgress progress(long total) {
        return new TokenizingProgress(total, said::add, () -> now);
    }

    private String after(TokenizingProgress progress, double seconds, long done) {
        now += (long) (seconds * SECOND);
        progress.accept(done);
        return said.get(said.size() - 1);
    }

    @Test
    void tellsShareRateAndRest() {
        TokenizingProgress progress = progress(20_000_000);

        assertEquals("Tokenizing: 50.0 % of 20.0 million characters.", after(progress, 0, 10_000_000));
        assertEquals(
                "Tokenizing: 60.0 % of 20.0 million characters, 2.0 million per second, 4 s left.",
                after(progress, 1, 12_000_000));
        progress.accept(12_000_001);
        assertEquals(2, said.size(), "not more often than every tenth of a second");
    }

    @Test
    void theRateIsThatOfTheLastSeconds() {
        TokenizingProgress progress = progress(1_000_000_000);
        after(progress, 0, 0);
        after(progress, 11, 110_000_000);
        after(progress, 11, 121_000_000);
        String said = after(progress, 11, 132_000_000);

        assertEquals("Tokenizing: 13.2 % of 1,000.0 million characters, 1.0 million per second, 868 s left.", said);
    }

    @Test
    void ofAnotherTextTheLengthIsNotKnown() {
        TokenizingProgress progress = progress(20_000_000);
        after(progress, 0, 20_000_000);

        assertEquals("Tokenizing: 1.0 million characters.", after(progress, 1, 1_000_000));
        assertEquals("Tokenizing: 3.0 million characters, 2.0 million per second.", after(progress, 1, 3_000_000));
    }
}
