package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BatchLoaderTest {

    /** Every id equals its index, so that a batch shows which predictions it holds. */
    private static final TokenFile FILE = WrittenTokens.of(
            WrittenTokens.folder(), 100_000, IntStream.range(0, 2000).toArray());

    @Property(tries = 300)
    void everyPredictionOccursOncePerEpoch(
            @ForAll @IntRange(max = 50) int from,
            @ForAll @IntRange(min = 1, max = 400) int predictions,
            @ForAll @IntRange(min = 1, max = 40) int context,
            @ForAll @IntRange(min = 1, max = 9) int batchSize,
            @ForAll long seed,
            @ForAll @IntRange(max = 5) int epoch,
            @ForAll boolean shuffled) {
        TokenRange range = new TokenRange(FILE, from, from + predictions + 1);
        int length = Math.min(context, predictions);
        int[] seen = new int[2000];
        try (BatchLoader loader = shuffled
                ? BatchLoader.shuffled(range, Sequences.PLAIN, length, batchSize, seed)
                : BatchLoader.sequential(range, Sequences.PLAIN, length, batchSize)) {
            long tokens = 0;
            for (long index = 0; index < loader.batches(); index++) {
                Batch batch = loader.batch(epoch, index);
                tokens += batch.tokens();
                assertTrue(batch.tokens() >= batch.rows() && batch.rows() <= batchSize);
                assertEquals(batch.rows() * length, batch.ids().length);
                for (int i = 0; i < batch.ids().length; i++) {
                    if (batch.targets()[i] != Batch.IGNORED) {
                        assertEquals(batch.ids()[i] + 1, batch.targets()[i]);
                        seen[(int) batch.targets()[i]]++;
                    }
                }
            }
            assertEquals(predictions, tokens);
        }
        for (int index = 0; index < seen.length; index++) {
            assertEquals(index > from && index <= from + predictions ? 1 : 0, seen[index]);
        }
    }

    @Property(tries = 100)
    void seekingEqualsWalking(
            @ForAll @IntRange(min = 41, max = 1999) int predictions,
            @ForAll @IntRange(min = 1, max = 40) int context,
            @ForAll @IntRange(min = 1, max = 9) int batchSize,
            @ForAll long seed,
            @ForAll @IntRange(max = 1_000_000) int place) {
        TokenRange range = new TokenRange(FILE, 0, predictions + 1);
        try (BatchLoader walking = BatchLoader.shuffled(range, Sequences.PLAIN, context, batchSize, seed);
                BatchLoader seeking = BatchLoader.shuffled(range, Sequences.PLAIN, context, batchSize, seed)) {
            long batches = walking.batches();
            long target = place % (3 * batches);
            Batch walked = null;
            for (long step = 0; step <= target; step++) {
                walked = walking.batch((int) (step / batches), step % batches);
            }
            Batch sought = seeking.batch((int) (target / batches), target % batches);
            assertArrayEquals(walked.ids(), sought.ids());
            assertArrayEquals(walked.targets(), sought.targets());
            assertEquals(walked.tokens(), sought.tokens());
        }
    }

    @Property(tries = 100)
    void theStepsOfAnEpochHoldItsBatchesInOrder(
            @ForAll @IntRange(min = 41, max = 400) int predictions,
            @ForAll @IntRange(min = 1, max = 40) int context,
            @ForAll @IntRange(min = 1, max = 9) int batchSize,
            @ForAll @IntRange(min = 1, max = 7) int accumulation,
            @ForAll long seed) {
        TokenRange range = new TokenRange(FILE, 0, predictions + 1);
        try (BatchLoader loader = BatchLoader.shuffled(range, Sequences.PLAIN, context, batchSize, seed);
                BatchLoader one = BatchLoader.shuffled(range, Sequences.PLAIN, context, batchSize, seed)) {
            long index = 0;
            for (long step = 0; index < loader.batches(); step++) {
                MicroBatches microBatches = loader.microBatches(1, step * accumulation * batchSize, accumulation);
                long first = index;
                long tokens = 0;
                for (Batch batch : microBatches.batches()) {
                    assertArrayEquals(one.batch(1, index++).ids(), batch.ids());
                    tokens += batch.tokens();
                }
                assertEquals(Math.min(accumulation, loader.batches() - first), index - first);
                assertEquals(tokens, microBatches.tokens());
            }
        }
    }

    /** As when memory ran out in the middle of an epoch and the run goes on with a smaller batch. */
    @Property(tries = 100)
    void anotherBatchSizeGoesOnAtTheSameRow(
            @ForAll @IntRange(min = 41, max = 400) int predictions,
            @ForAll @IntRange(min = 1, max = 40) int context,
            @ForAll @IntRange(min = 1, max = 9) int before,
            @ForAll @IntRange(min = 1, max = 9) int after,
            @ForAll @IntRange(max = 20) int steps,
            @ForAll long seed) {
        TokenRange range = new TokenRange(FILE, 0, predictions + 1);
        int[] seen = new int[predictions + 1];
        try (BatchLoader first = BatchLoader.shuffled(range, Sequences.PLAIN, context, before, seed);
                BatchLoader then = BatchLoader.shuffled(range, Sequences.PLAIN, context, after, seed)) {
            long row = 0;
            for (int step = 0; row < first.rows(); step++) {
                BatchLoader loader = step < steps ? first : then;
                for (Batch batch : loader.microBatches(2, row, 2).batches()) {
                    Arrays.stream(batch.targets())
                            .filter(target -> target != Batch.IGNORED)
                            .forEach(target -> seen[(int) target]++);
                    row += batch.rows();
                }
            }
        }
        assertTrue(Arrays.stream(seen).skip(1).allMatch(times -> times == 1));
    }

    @Test
    void oneMicroBatchIsLoadedWhileTheOneBeforeItIsUsed() throws Exception {
        Rows plan = Rows.of(Windows.sequential(60, 10), place -> place);
        BlockingQueue<Integer> madeAhead = new LinkedBlockingQueue<>();
        try (BatchLoader loader = new BatchLoader(new TokenRange(FILE, 0, 61), Sequences.PLAIN, 10, 1, epoch -> {
            if (Thread.currentThread().getName().equals("batch-loader")) {
                madeAhead.add(epoch);
            }
            return plan;
        })) {
            Iterator<Batch> batches = loader.microBatches(0, 0, 6).batches().iterator();
            for (int batch = 0; batch < 5; batch++) {
                assertNull(madeAhead.poll());
                batches.next();
                assertEquals(0, madeAhead.poll(60, TimeUnit.SECONDS));
            }
        }
    }

    @Test
    void shuffledEpochsDifferAndSequentialOnesDoNot() {
        try (BatchLoader shuffled = BatchLoader.shuffled(all(), Sequences.PLAIN, 16, 4, 1);
                BatchLoader sequential = BatchLoader.sequential(all(), Sequences.PLAIN, 16, 4)) {
            assertFalse(Arrays.equals(
                    shuffled.batch(0, 0).ids(), shuffled.batch(1, 0).ids()));
            assertArrayEquals(
                    sequential.batch(0, 1).ids(), sequential.batch(1, 1).ids());
            assertEquals(64, sequential.batch(0, 1).ids()[0]);
        }
    }

    @Test
    void shortWindowsArePadded() {
        try (BatchLoader loader = BatchLoader.sequential(new TokenRange(FILE, 0, 6), Sequences.PLAIN, 4, 3)) {
            Batch batch = loader.batch(0, 0);

            assertEquals(1, loader.batches());
            assertArrayEquals(new long[] {0, 1, 2, 3, 4, 0, 0, 0}, batch.ids());
            assertArrayEquals(new long[] {1, 2, 3, 4, 5, -100, -100, -100}, batch.targets());
            assertEquals(new Batch(batch.ids(), batch.targets(), null, 2, 4, 5, 5), batch);
        }
    }

    @Test
    void anErrorOfTheOtherThreadReachesTheCaller() {
        Rows good = Rows.of(Windows.sequential(10, 10), place -> place);
        try (BatchLoader loader = new BatchLoader(new TokenRange(FILE, 0, 11), Sequences.PLAIN, 10, 1, epoch -> {
            if (epoch == 1) {
                throw new UnsupportedOperationException("no such epoch");
            }
            return good;
        })) {
            loader.batch(0, 0);
            String message = assertThrows(IllegalStateException.class, () -> loader.batch(1, 0))
                    .getMessage();
            assertTrue(message.contains("no such epoch"), message);
        }
    }

    @Test
    void closingEndsTheThread() throws InterruptedException {
        Set<Thread> before = Thread.getAllStackTraces().keySet(); // Loaders of other tests may be there.
        BatchLoader loader = BatchLoader.shuffled(all(), Sequences.PLAIN, 16, 4, 1);
        loader.batch(0, 0);
        List<Thread> workers = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("batch-loader") && !before.contains(thread))
                .toList();
        assertFalse(workers.isEmpty());

        loader.close();
        for (Thread worker : workers) {
            assertTrue(worker.isDaemon());
            worker.join(60_000);
            assertFalse(worker.isAlive());
        }
        assertThrows(IllegalStateException.class, () -> loader.batch(0, 1));
    }

    @Test
    void badShapesAreRefused() {
        assertMessage("context 2000 ", () -> BatchLoader.shuffled(all(), Sequences.PLAIN, 2000, 1, 1));
        assertMessage("context 0 ", () -> BatchLoader.shuffled(all(), Sequences.PLAIN, 0, 1, 1));
        assertMessage("batch size 0 ", () -> BatchLoader.shuffled(all(), Sequences.PLAIN, 8, 0, 1));
        assertMessage("One token", () -> BatchLoader.sequential(new TokenRange(FILE, 3, 4), Sequences.PLAIN, 8, 1));
    }

    private static void assertMessage(String start, Executable executable) {
        String message =
                assertThrows(IllegalArgumentException.class, executable).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    private static TokenRange all() {
        return new TokenRange(FILE, 0, 2000);
    }
}
