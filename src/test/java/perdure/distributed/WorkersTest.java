package perdure.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import perdure.device.DaemonThread;
import perdure.device.NativeRuntime;

/** Ranks that cannot meet, or are lost, say so in one line. */
@Timeout(120)
class WorkersTest {

    private volatile boolean stopped;

    @BeforeAll
    static void load() {
        NativeRuntime.load();
    }

    private Workers join(int rank, String coordinator, int exchangeSeconds) {
        return Workers.join(
                new Workers.Options(
                        Launch.of(rank, 2, coordinator),
                        Duration.ofSeconds(exchangeSeconds),
                        Duration.ofSeconds(30),
                        1000),
                () -> stopped,
                lost -> {});
    }

    private String line(int rank, String coordinator) {
        WorkersLostException lost = assertThrows(WorkersLostException.class, () -> join(rank, coordinator, 1));
        assertEquals(WorkersLostException.START_AGAIN, lost.exitCode());
        assertEquals(1, lost.getMessage().lines().count(), lost.getMessage());
        return lost.getMessage();
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void aPortThatIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            int port = taken.getLocalPort();
            assertTrue(line(0, "127.0.0.1:" + port).startsWith("Rank 0 cannot listen at port " + port + ": "));
        }
    }

    @Test
    void aHostThatIsUnknown() {
        assertEquals(
                "Rank 1 cannot meet the others at no.such.host.invalid:5000: the host is unknown, for 1 s.",
                line(1, "no.such.host.invalid:5000"));
    }

    @Test
    void nobodyListens() throws Exception {
        String place = "127.0.0.1:" + freePort();
        assertEquals("Rank 1 cannot meet the others at " + place + ": Connection refused, for 1 s.", line(1, place));
    }

    @Test
    void aRankThatDoesNotCome() throws Exception {
        assertEquals(
                "Stopped, to be started again: rank 1 has not come within 1 s.", line(0, "127.0.0.1:" + freePort()));
    }

    @Test
    void aStopEndsTheWaitForOthers() throws Exception {
        stopped = true;
        for (int rank = 0; rank < 2; rank++) {
            int waits = rank;
            String place = "127.0.0.1:" + freePort();
            assertThrows(CancellationException.class, () -> join(waits, place, 100));
        }
    }

    @Test
    void aRankThatEndsForAReasonOfItsOwnTellsItToAll() throws Exception {
        String place = "127.0.0.1:" + freePort();
        CompletableFuture<String> other = CompletableFuture.supplyAsync(
                () -> {
                    try (Workers workers = join(1, place, 60)) {
                        return workers.share("");
                    }
                },
                DaemonThread.named("rank 1"));
        try (Workers workers = join(0, place, 60)) {
            workers.abort(2, "data nowhere.txt: no such file.");
        }
        CompletionException failed = assertThrows(CompletionException.class, () -> other.orTimeout(60, TimeUnit.SECONDS)
                .join());
        WorkersLostException lost = (WorkersLostException) failed.getCause();
        assertEquals("rank 0: data nowhere.txt: no such file.", lost.getMessage());
        assertEquals(2, lost.exitCode());
    }
}
