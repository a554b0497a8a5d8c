package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.data.TokenWriter.Encoded;

class PacksTest {

    private static final Sequences ALL = new Sequences(Packing.DOCUMENTS, Loss.ALL);
    private static final Sequences ASSISTANT = new Sequences(Packing.DOCUMENTS, Loss.ASSISTANT);

    /** Documents of these lengths. Every id equals its index; of each {@code unlearned + 1} tokens one is learned. */
    private static TokenFile documents(List<Integer> lengths, int unlearned) throws IOException {
        List<Encoded> passages = new ArrayList<>();
        int id = 0;
        for (int length : lengths) {
            for (int i = 0; i < length; i++, id++) {
                boolean learned = id % (unlearned + 1) == unlearned;
                passages.add(WrittenTokens.encoded(new int[] {id}, learned ? 1 : 0, 1, i == length - 1));
            }
        }
        return WrittenTokens.of(WrittenTokens.folder(), 100_000, List.of(passages));
    }

    @Property(tries = 200)
    void eachCountedPredictionOfADocumentOccursOncePerEpoch(
            @ForAll @Size(min = 1, max = 40) List<@IntRange(min = 1, max = 60) Integer> lengths,
            @ForAll @IntRange(max = 5) int unlearned,
            @ForAll @IntRange(min = 1, max = 30) int context,
            @ForAll @IntRange(min = 1, max = 5) int batchSize,
            @ForAll long seed,
            @ForAll @IntRange(max = 3) int epoch,
            @ForAll boolean shuffled)
            throws IOException {
        TokenFile file = documents(lengths, unlearned);
        int[] expected = new int[(int) file.size()];
        for (int document = 0; document < file.documents(); document++) {
            for (long token = file.start(document) + 1; token < file.end(document); token++) {
                expected[(int) token] = file.isLearned(token) ? 1 : 0;
            }
        }
        if (Arrays.stream(expected).sum() == 0) {
            assertThrows(IllegalArgumentException.class, () -> BatchLoader.sequential(
                            file.all(), ASSISTANT, context, batchSize)
                    .close());
            return;
        }
        int[] seen = new int[expected.length];
        try (BatchLoader loader = shuffled
                ? BatchLoader.shuffled(file.all(), ASSISTANT, context, batchSize, seed)
                : BatchLoader.sequential(file.all(), ASSISTANT, context, batchSize)) {
            for (long index = 0; index < loader.batches(); index++) {
                Batch batch = loader.batch(epoch, index);
                assertEquals(
                        Arrays.stream(batch.targets())
                                .filter(target -> target != Batch.IGNORED)
                                .count(),
                        batch.tokens());
                assertTrue(batch.tokens() >= batch.rows(), "no row without a token that counts");
                int[] starts = batch.documents();
                for (int i = 0; i < batch.targets().length; i++) {
                    if (batch.targets()[i] != Batch.IGNORED) {
                        seen[(int) batch.targets()[i]]++;
                        assertEquals(batch.ids()[i] + 1, batch.targets()[i]);
                        assertEquals(
                                batch.ids()[i] - batch.ids()[start(starts, i)],
                                i - start(starts, i),
                                "from its document's start on");
                    }
                }
                assertEquals(
                        IntStream.range(0, batch.rows())
                                .map(row -> row * context)
                                .boxed()
                                .toList(),
                        Arrays.stream(starts)
                                .filter(start -> start % context == 0)
                                .boxed()
                                .toList());
            }
        }
        assertArrayEquals(expected, seen);
    }

    private static int start(int[] starts, int place) {
        int found = Arrays.binarySearch(starts, place);
        return starts[found >= 0 ? found : -found - 2];
    }

    @Test
    void aDocumentIsCutOnlyIfItIsLongerThanARow() throws IOException {
        try (BatchLoader loader =
                BatchLoader.sequential(documents(List.of(5, 23, 11, 2), 0).all(), ALL, 10, 99)) {
            Batch batch = loader.batch(0, 0);
            List<Long> starts = IntStream.of(batch.documents())
                    .mapToObj(start -> batch.ids()[start])
                    .sorted()
                    .toList();

            assertEquals(List.of(0L, 5L, 15L, 25L, 28L, 39L), starts);
            assertEquals(4, batch.rows());
            assertEquals(4 + 22 + 10 + 1, batch.predictions());
        }
    }

    @Test
    void rowsAreFilledWell() throws IOException {
        List<Integer> lengths =
                IntStream.range(0, 2000).mapToObj(i -> 10 + i * 7919 % 61).toList();
        try (BatchLoader loader = BatchLoader.sequential(documents(lengths, 0).all(), ALL, 128, 1)) {
            long predictions = lengths.stream().mapToLong(length -> length - 1).sum();

            assertTrue(loader.rows() * 128 < predictions * 1.01, loader.rows() + " rows");
        }
    }

    @Test
    void epochsDifferAndSeekingEqualsWalking() throws IOException {
        List<Integer> lengths =
                IntStream.range(0, 300).mapToObj(i -> 3 + i % 17).toList();
        TokenFile file = documents(lengths, 0);
        try (BatchLoader walking = BatchLoader.shuffled(file.all(), ALL, 32, 4, 7);
                BatchLoader seeking = BatchLoader.shuffled(file.all(), ALL, 32, 4, 7)) {
            List<long[]> walked = LongStream.range(0, walking.batches())
                    .mapToObj(index -> walking.batch(1, index).ids())
                    .toList();
            assertNotEquals(0, Arrays.compare(walked.get(0), seeking.batch(0, 0).ids()));
            for (int index = walked.size() - 1; index >= 0; index--) {
                assertArrayEquals(walked.get(index), seeking.batch(1, index).ids());
            }
        }
    }
}
