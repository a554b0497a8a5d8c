package perdure.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import perdure.bench.TrainingRanks;
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

    /** It must not free what libtorch still uses: that damaged malloc's heap. */
    @AfterEach
    void collectGarbage() {
        System.gc();
    }

    private static Workers.Options options(Launch launch, int exchangeSeconds) {
        return new Workers.Options(launch, Duration.ofSeconds(exchangeSeconds), Duration.ofSeconds(8), 1000);
    }

    private Workers join(int rank, String coordinator, int exchangeSeconds) {
        return join(Launch.of(rank, 2, coordinator), exchangeSeconds);
    }

    private Workers join(Launch launch, int exchangeSeconds) {
        return join(launch, exchangeSeconds, () -> stopped);
    }

    private static Workers join(Launch launch, int exchangeSeconds, BooleanSupplier stop) {
        return Workers.join(options(launch, exchangeSeconds), stop, lost -> {});
    }

    /** A rank on a thread of its own, and what it hears of the first one. */
    private CompletableFuture<String> hearing(Launch launch) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (Workers workers = join(launch, 60)) {
                        return workers.share("");
                    }
                },
                DaemonThread.named("rank " + launch.rank()));
    }

    /** A rank that waits for others, on a thread of its own, and how it ends. */
    private CompletableFuture<WorkersLostException> waiting(Launch launch) {
        return waiting(launch, () -> false);
    }

    private CompletableFuture<WorkersLostException> waiting(Launch launch, BooleanSupplier stop) {
        return CompletableFuture.supplyAsync(
                () -> assertThrows(WorkersLostException.class, () -> {
                    try (Workers workers = join(launch, 60, stop)) {
                        workers.share("");
                    }
                }),
                DaemonThread.named("rank " + launch.rank()));
    }

    private static void assertEnds(int exitCode, String line, WorkersLostException lost) {
        assertEquals(line, lost.getMessage());
        assertEquals(exitCode, lost.exitCode());
    }

    private String line(int rank, String coordinator) {
        WorkersLostException lost = assertThrows(WorkersLostException.class, () -> join(rank, coordinator, 1));
        assertEquals(WorkersLostException.START_AGAIN, lost.exitCode());
        assertEquals(1, lost.getMessage().lines().count(), lost.getMessage());
        return lost.getMessage();
    }

    @Test
    void aPortThatIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            int port = taken.getLocalPort();
            assertTrue(line(0, "127.0.0.1:" + port).startsWith("Rank 0 cannot listen at port " + port + ": "));
        }
    }

    /** Such as a proxy, which waits for a request of its own protocol. */
    @Test
    void whatListensThereNeverAnswers() throws Exception {
        try (ServerSocket stranger = new ServerSocket(0)) {
            String place = "127.0.0.1:" + stranger.getLocalPort();
            assertEquals("What listens at " + place + " does not answer as rank 0 would, for 1 s.", line(1, place));
            stopped = true;
            assertThrows(CancellationException.class, () -> join(1, place, 100));
        }
    }

    /** Its name is for the others: it may not be known here yet, or lead here by a gateway. */
    @Test
    void rankZeroNeedsNoNameOfItsOwn() throws Exception {
        int port = TrainingRanks.freePort();
        CompletableFuture<String> other = hearing(Launch.of(1, 2, "127.0.0.1:" + port));
        Launch named = new Launch("flags", 0, 2, 0, 1, "no.such.host.invalid", port, Launch.Attempt.FIRST);
        try (Workers workers = join(named, 60)) {
            workers.share("told");
            assertEquals("told", other.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void aNetworkInterfaceThatIsNotThere() {
        assertEquals(List.of(), Collectives.interfaces(" "));
        assertEquals(List.of("lo", "lo"), Collectives.interfaces("lo, lo"));
        String line = assertThrows(IllegalArgumentException.class, () -> Collectives.interfaces("lo,none0"))
                .getMessage();
        assertTrue(line.startsWith("GLOO_SOCKET_IFNAME lo,none0: this machine has no none0, but "), line);
    }

    @Test
    void aHostThatIsUnknown() {
        assertEquals(
                "Rank 1 cannot meet the others at no.such.host.invalid:5000: the host is unknown, for 1 s.",
                line(1, "no.such.host.invalid:5000"));
    }

    @Test
    void nobodyListens() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        assertEquals("Rank 1 cannot meet the others at " + place + ": Connection refused, for 1 s.", line(1, place));
    }

    @Test
    void aRankThatDoesNotCome() throws Exception {
        assertEquals(
                "Stopped, to be started again: rank 1 has not come within 1 s.",
                line(0, "127.0.0.1:" + TrainingRanks.freePort()));
    }

    /** Long before they give up: a rank or the meeting point may be a wrong one. */
    @Test
    void whoeverWaitsForLongSaysForWhom() throws Exception {
        String nobody = "127.0.0.1:" + TrainingRanks.freePort();
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        Logger logger = (Logger) LoggerFactory.getLogger(MeetingPoint.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            List<CompletableFuture<WorkersLostException>> ranks = new ArrayList<>();
            for (Launch launch : List.of(Launch.of(0, 4, place), Launch.of(2, 4, place), Launch.of(1, 4, nobody))) {
                ranks.add(CompletableFuture.supplyAsync(
                        () -> assertThrows(WorkersLostException.class, () -> join(launch, 7)),
                        DaemonThread.named("rank " + launch.rank())));
            }
            for (CompletableFuture<WorkersLostException> rank : ranks) {
                rank.get(60, TimeUnit.SECONDS);
            }
        } finally {
            logger.detachAppender(log);
        }
        assertEquals(
                List.of(
                        "Rank 0 of 4 waits at " + place + " for rank 1, rank 3.",
                        "Rank 1 of 4 waits at " + nobody + " for rank 0: Connection refused."),
                log.list.stream()
                        .map(ILoggingEvent::getFormattedMessage)
                        .sorted()
                        .toList());
    }

    @Test
    void aStopEndsTheWaitForOthers() throws Exception {
        stopped = true;
        for (int rank = 0; rank < 2; rank++) {
            int waits = rank;
            String place = "127.0.0.1:" + TrainingRanks.freePort();
            assertThrows(CancellationException.class, () -> join(waits, place, 100));
        }
    }

    /** Two of four have come. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aStopOfARankThatWaitsEndsThoseThatAreThere(int stopping) throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        AtomicBoolean waits = new AtomicBoolean();
        AtomicInteger looks = new AtomicInteger(); // of the other, since then: at the third it has joined
        CompletableFuture<WorkersLostException> other = waiting(Launch.of(1 - stopping, 4, place), () -> {
            looks.addAndGet(waits.get() ? 1 : 0);
            return false;
        });
        assertThrows(
                CancellationException.class,
                () -> join(Launch.of(stopping, 4, place), 60, () -> {
                    waits.set(true);
                    return looks.get() > 2;
                }));
        String line = "Stopped, to be started again: rank " + stopping + " was stopped while it waited for the others.";
        assertEnds(75, line, other.get(60, TimeUnit.SECONDS));
    }

    @Test
    void aStopBeforeTheFirstRankListensIsToldToIt() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        CountDownLatch alone = new CountDownLatch(1);
        CompletableFuture<CancellationException> stopping = CompletableFuture.supplyAsync(
                () -> assertThrows(
                        CancellationException.class,
                        () -> join(Launch.of(1, 4, place), 60, () -> {
                            alone.countDown();
                            return true;
                        })),
                DaemonThread.named("rank 1"));
        assertTrue(alone.await(60, TimeUnit.SECONDS));
        WorkersLostException lost = assertThrows(WorkersLostException.class, () -> join(Launch.of(0, 4, place), 60));
        assertEnds(75, "Stopped, to be started again: rank 1 was stopped while it waited for the others.", lost);
        stopping.get(60, TimeUnit.SECONDS);
    }

    @Test
    void aRankThatEndsForAReasonOfItsOwnTellsItToAll() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        CompletableFuture<String> other = hearing(Launch.of(1, 2, place));
        try (Workers workers = join(0, place, 60)) {
            workers.abort(2, "data nowhere.txt: no such file.");
        }
        CompletionException failed = assertThrows(CompletionException.class, () -> other.orTimeout(60, TimeUnit.SECONDS)
                .join());
        WorkersLostException lost = (WorkersLostException) failed.getCause();
        assertEquals("rank 0: data nowhere.txt: no such file.", lost.getMessage());
        assertEquals(2, lost.exitCode());
    }

    /** Long before its heart is missed, and though the ranks exchange nothing. */
    @Test
    void aRankWhoseProcessIsGoneIsLostAtOnce() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        CompletableFuture<WorkersLostException> first = CompletableFuture.supplyAsync(
                () -> assertThrows(WorkersLostException.class, () -> {
                    try (Workers workers = join(0, place, 60)) {
                        workers.share("here");
                        workers.compare(Map.of("what", "the other does not say"));
                    }
                }),
                DaemonThread.named("rank 0"));
        try (Workers workers = join(1, place, 60)) { // It ends as a process that is killed.
            workers.share("");
        }
        long start = System.nanoTime();
        WorkersLostException lost = first.get(60, TimeUnit.SECONDS);
        assertEquals(75, lost.exitCode());
        assertTrue(lost.getMessage().endsWith(" is lost: its process is gone."), lost.getMessage());
        assertTrue(System.nanoTime() - start < 4e9, "It took as long as a heart is waited for.");
    }

    /** Such as while it saves, which others cannot hinder. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theFirstRankIsEndedByALossUnlessItGoesOnAlone(boolean alone) throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        CompletableFuture<WorkersLostException> ended = new CompletableFuture<>();
        CompletableFuture<String> first = CompletableFuture.supplyAsync(
                () -> {
                    try (Workers workers =
                            Workers.join(options(Launch.of(0, 2, place), 60), () -> false, ended::complete)) {
                        if (alone) {
                            workers.goOnAlone();
                        }
                        workers.share("");
                        try {
                            ended.get(4, TimeUnit.SECONDS);
                            return "ended";
                        } catch (TimeoutException goesOn) {
                            return assertThrows(WorkersLostException.class, workers::leave)
                                    .reason();
                        } catch (InterruptedException | ExecutionException impossible) {
                            throw new AssertionError(impossible);
                        }
                    }
                },
                DaemonThread.named("rank 0"));
        try (Workers workers = join(1, place, 60)) { // It ends as a process that is killed.
            workers.share("");
        }
        String how = first.get(60, TimeUnit.SECONDS);
        assertTrue(alone ? how.endsWith(" is lost: its process is gone.") : how.equals("ended"), how);
    }

    /** As while the first one answers the exam. */
    @Test
    void nobodyIsMissedAfterAllHaveLeft() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        CompletableFuture<WorkersLostException> ended = new CompletableFuture<>();
        CompletableFuture<Void> other = CompletableFuture.runAsync(
                () -> {
                    try (Workers workers = join(1, place, 60)) {
                        workers.leave();
                    }
                },
                DaemonThread.named("rank 1"));
        try (Workers workers = Workers.join(options(Launch.of(0, 2, place), 60), () -> false, ended::complete)) {
            workers.leave();
            other.get(60, TimeUnit.SECONDS);
            assertThrows(TimeoutException.class, () -> ended.get(3, TimeUnit.SECONDS));
            workers.leave();
        }
    }

    @Test
    void aRankThatFailsBeforeItJoinsTellsItToAll() throws Exception {
        for (int failing = 0; failing < 2; failing++) {
            String place = "127.0.0.1:" + TrainingRanks.freePort();
            CompletableFuture<WorkersLostException> other = waiting(Launch.of(1 - failing, 2, place));
            Workers.tell(options(Launch.of(failing, 2, place), 60), 2, "--data: nowhere.txt is not there.");
            assertEnds(2, "rank " + failing + ": --data: nowhere.txt is not there.", other.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void ranksOfTwoWorldSizesAllEnd() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        String line =
                "Rank 3 of 4 has met rank 0 of 2 at " + place + ": start all ranks of a run with the same world size.";
        CompletableFuture<WorkersLostException> first = waiting(Launch.of(0, 2, place));
        assertEnds(2, line, assertThrows(WorkersLostException.class, () -> join(Launch.of(3, 4, place), 60)));
        assertEnds(2, line, first.get(60, TimeUnit.SECONDS));
    }

    @Test
    void aRankThatWasStartedTwiceEndsAllThatWait() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        List<CompletableFuture<WorkersLostException>> ranks = new ArrayList<>();
        for (int rank : new int[] {0, 1, 1}) {
            ranks.add(waiting(Launch.of(rank, 4, place)));
        }
        String line = "Rank 1 of 4 is at " + place + " already, on "
                + InetAddress.getLocalHost().getHostName()
                + ": start each rank once, and give another run another port.";
        for (CompletableFuture<WorkersLostException> rank : ranks) {
            assertEnds(2, line, rank.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void aStrangerDoesNotDisturbRanksThatAreComplete() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        CompletableFuture<String> other = hearing(Launch.of(1, 2, place));
        try (Workers workers = join(0, place, 60)) {
            assertEquals(
                    2,
                    assertThrows(WorkersLostException.class, () -> join(1, place, 60))
                            .exitCode());
            int port = Integer.parseInt(place.substring(place.indexOf(':') + 1));
            Launch later = new Launch("Slurm", 1, 2, 0, 1, "127.0.0.1", port, new Launch.Attempt(1, false));
            assertEnds(
                    75,
                    "Rank 1 of attempt 1 has met rank 0 of attempt 0 at " + place + ".",
                    assertThrows(WorkersLostException.class, () -> join(later, 60)));
            assertEquals("good", workers.share("good"));
            assertEquals("good", other.get(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void aRankThatCameAndWasLostBeforeItJoinedMayComeAgain() throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        CompletableFuture<String> first = hearing(Launch.of(0, 2, place));
        new Meeting(Launch.of(1, 2, place), Duration.ofSeconds(60), () -> false); // says no more
        assertEnds(
                75,
                "Rank 1 of 2 has come to " + place + " before, and was lost.",
                assertThrows(WorkersLostException.class, () -> join(1, place, 60)));
        stopped = true;
        assertThrows(CompletionException.class, first.orTimeout(60, TimeUnit.SECONDS)::join);
    }
}
