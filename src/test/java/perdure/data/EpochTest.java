package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import perdure.data.BatchLoader.Shuffling;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.data.TokenWriter.Encoded;

/** From documents to steps: what is held out and what an epoch predicts, against a plain model of it. */
class EpochTest {

    /** Files of documents, some of one token. Every id equals its index, so that a batch shows what it predicts. */
    private static TokenFile file(Random random) {
        List<List<Encoded>> sources = new ArrayList<>();
        int id = 0;
        for (int source = 1 + random.nextInt(4); source > 0; source--) {
            List<Encoded> passages = new ArrayList<>();
            for (int document = random.nextBoolean() ? 1 : 1 + random.nextInt(30); document > 0; document--) {
                int learned = random.nextInt(3);
                for (int left = 1 + random.nextInt(random.nextInt(4) == 0 ? 300 : 12); left > 0; left--) {
                    passages.add(WrittenTokens.encoded(
                            new int[] {id++}, random.nextInt(3) <= learned ? 1 : 0, 1, left == 1));
                }
            }
            sources.add(passages);
        }
        return WrittenTokens.of(WrittenTokens.folder(), 100_000, sources);
    }

    private static int[] ids(TokenRange range) {
        int[] ids = new int[(int) range.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = range.id(i);
        }
        return ids;
    }

    /** The input from which each token is predicted that counts; -1 for all others. */
    private static int[] expected(TokenFile file, TokenRange range, Sequences sequences) {
        int[] expected = new int[(int) file.size()];
        Arrays.fill(expected, -1);
        int[] begins = new int[expected.length];
        for (long document = 0; document < file.documents(); document++) {
            begins[(int) file.start(document)] = 1;
        }
        int[] ids = ids(range);
        for (int i = 1; i < ids.length; i++) {
            boolean together = sequences.packing() == Packing.NONE || begins[ids[i]] == 0 && ids[i - 1] == ids[i] - 1;
            if (together && (sequences.loss() == Loss.ALL || file.isLearned(ids[i]))) {
                expected[ids[i]] = ids[i - 1];
            }
        }
        return expected;
    }

    @Property(tries = 100)
    void eachTokenIsOnOneSideAndPredictedOnce(
            @ForAll long draw,
            @ForAll @IntRange(min = 1, max = 130) int context,
            @ForAll @IntRange(min = 1, max = 5) int batchSize,
            @ForAll @IntRange(min = 1, max = 5) int laterBatchSize,
            @ForAll @IntRange(min = 1, max = 3) int ownMicroBatches,
            @ForAll @IntRange(min = 1, max = 4) int world,
            @ForAll @IntRange(max = 4) int stepsBefore,
            @ForAll @IntRange(max = 3) int epoch,
            @ForAll Packing packing,
            @ForAll Loss loss) {
        Random random = new Random(draw);
        TokenFile file = file(random);
        HeldOut sides = heldOut(file, List.of(1e-6, 0.01, 0.1, 0.5, 0.9, 0.9999).get(random.nextInt(6)), draw);
        Sequences sequences = new Sequences(packing, loss);
        for (TokenRange range : List.of(sides.training(), sides.validation())) {
            int[] expected = expected(file, range, sequences);
            long counted = Arrays.stream(expected).filter(from -> from >= 0).count();
            if (counted == 0 || packing == Packing.NONE && context > range.predictions()) {
                continue;
            }
            int[] seen = new int[expected.length];
            Arrays.fill(seen, -1);
            long tokens = 0;
            for (int rank = 0; rank < world; rank++) {
                try (BatchLoader before = loader(range, sequences, context, batchSize, draw);
                        BatchLoader later = loader(range, sequences, context, laterBatchSize, draw)) {
                    long row = 0;
                    for (int step = 0; row < before.rows(); step++) {
                        BatchLoader loader = step < stepsBefore ? before : later;
                        MicroBatches own = loader.microBatches(epoch, row, ownMicroBatches * world, rank, world);
                        own.batches().forEach(batch -> mark(batch, seen));
                        tokens += rank == 0 ? own.tokens() : 0;
                        row += (long) ownMicroBatches * world * (step < stepsBefore ? batchSize : laterBatchSize);
                    }
                }
            }
            assertEquals(counted, tokens);
            assertArrayEquals(expected, seen);
        }
    }

    private static BatchLoader loader(TokenRange range, Sequences sequences, int context, int batchSize, long seed) {
        return BatchLoader.shuffled(range, sequences, context, batchSize, new Shuffling(seed, 0));
    }

    private static void mark(Batch batch, int[] seen) {
        for (int i = 0; i < batch.targets().length; i++) {
            if (batch.targets()[i] != Batch.IGNORED) {
                int target = (int) batch.targets()[i];
                assertEquals(-1, seen[target], "predicted twice");
                seen[target] = (int) batch.ids()[i];
            }
        }
    }

    /** Every token is on one side, and every document but one that is alone in its file. */
    private static HeldOut heldOut(TokenFile file, double fraction, long seed) {
        HeldOut sides;
        try {
            sides = HeldOut.of(file, fraction, seed);
        } catch (IllegalArgumentException refused) {
            Assume.that(false);
            throw refused;
        }
        int[] side = new int[(int) file.size()];
        for (int id : ids(sides.training())) {
            side[id] += 1;
        }
        for (int id : ids(sides.validation())) {
            side[id] += 2;
        }
        for (int of : side) {
            assertNotEquals(0, of, "lost");
            assertNotEquals(3, of, "on both sides");
        }
        for (long source = 0; source < file.sources(); source++) {
            long first = file.firstDocument(source);
            long end = file.firstDocument(source + 1);
            for (long document = first; document < end && end - first > 1; document++) {
                for (long token = file.start(document); token < file.end(document); token++) {
                    assertEquals(side[(int) file.start(document)], side[(int) token]);
                }
            }
        }
        return sides;
    }
}
