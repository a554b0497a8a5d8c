package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StopRequestsTest {
    private static final Instant START = Instant.parse("2026-01-01T10:00:00Z");

    private long milliseconds;
    private long clockIsAhead; // in milliseconds

    /** Its time is that of this test. */
    private StopRequests until(Instant deadline) {
        return new StopRequests(
                deadline,
                () -> START.plusMillis(milliseconds + clockIsAhead),
                () -> TimeUnit.MILLISECONDS.toNanos(milliseconds));
    }

    @Test
    void withoutADeadlineOnlyARequestStops() {
        StopRequests requests = new StopRequests(null);
        requests.saveTook(1e6);
        assertFalse(requests.any());
        requests.add();
        assertTrue(requests.any());
        assertEquals(1, requests.count());
    }

    @Test
    void theTimeOfTwoSavesIsKeptFreeBeforeTheDeadline() {
        StopRequests requests = until(START.plusSeconds(100));
        requests.beginTraining();
        requests.saveTook(40);
        assertFalse(requests.any());
        requests.saveTook(51);
        assertTrue(requests.any());
        assertEquals(0, requests.count());
    }

    @Test
    void anExpectationCountsUntilASaveIsMeasured() {
        StopRequests requests = until(START.plusSeconds(100));
        requests.beginTraining();
        requests.expectSave(60);
        assertTrue(requests.any());
        requests.saveTook(1);
        assertFalse(requests.any());
        requests.expectSave(60);
        assertFalse(requests.any());
    }

    @ParameterizedTest
    @CsvSource({"499, false", "500, true"})
    void theTimeBetweenTwoQuestionsIsKeptFreeToo(long piece, boolean stops) {
        StopRequests requests = until(START.plusMillis(2500));
        requests.beginTraining();
        assertFalse(requests.any());
        milliseconds += piece;
        assertEquals(stops, requests.any(), "twice the time of a piece and a second are left, or not quite");
    }

    @ParameterizedTest
    @ValueSource(longs = {3_600_000, -3_600_000})
    void aClockThatIsSetAnewMovesNoDeadline(long jump) {
        StopRequests requests = until(START.plusSeconds(100));
        clockIsAhead = jump;
        milliseconds = 90_000;
        assertFalse(requests.any());
        milliseconds = 100_000;
        assertTrue(requests.any());
    }

    @Test
    void aDeadlineMayBeAsFarAsAnInstantCanTell() {
        assertFalse(until(Instant.MAX).any());
    }

    @Test
    void whoWaitsIsWokenByTheNextRequest() throws InterruptedException {
        StopRequests requests = new StopRequests(null);
        Thread waiting = new Thread(() -> requests.awaitMoreThan(0, Duration.ofMinutes(10)));
        waiting.start();
        requests.add();
        waiting.join(60_000);
        assertFalse(waiting.isAlive());
        requests.awaitMoreThan(1, Duration.ofMillis(20));
    }
}
