package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StopRequestsTest {
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
        StopRequests requests = new StopRequests(Instant.now().plusSeconds(100));
        requests.beginTraining();
        requests.saveTook(40);
        assertFalse(requests.any());
        requests.saveTook(51);
        assertTrue(requests.any());
        assertEquals(0, requests.count());
    }

    @Test
    void anExpectationCountsUntilASaveIsMeasured() {
        StopRequests requests = new StopRequests(Instant.now().plusSeconds(100));
        requests.beginTraining();
        requests.expectSave(60);
        assertTrue(requests.any());
        requests.saveTook(1);
        assertFalse(requests.any());
        requests.expectSave(60);
        assertFalse(requests.any());
    }

    @Test
    void theTimeBetweenTwoQuestionsIsKeptFreeToo() throws InterruptedException {
        StopRequests requests = new StopRequests(Instant.now().plusMillis(2500));
        requests.beginTraining();
        assertFalse(requests.any());
        Thread.sleep(700);
        assertTrue(requests.any(), "1.8 s are left: twice 0.7 s and a second do not fit");
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
