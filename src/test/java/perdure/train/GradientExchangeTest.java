package perdure.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opentest4j.AssertionFailedError;
import perdure.device.NativeRuntime;
import perdure.distributed.Workers;

/** Any number of ranks adds up the same gradients to the same bytes. The ranks are threads of this process. */
@Timeout(120)
class GradientExchangeTest {

    private static final int LEAVES = 8;
    private static final int[] SIZES = {3, 5000, 70, 1};

    @BeforeAll
    static void load() {
        NativeRuntime.load();
    }

    private static <T> List<T> onRanks(int world, RankThreads.Task<T> task) throws Exception {
        return RankThreads.run(world, 300, task);
    }

    /** The values of a leaf, of very different sizes, so that another order rounds otherwise. */
    private static float[] values(int leaf, int weight) {
        Random random = new Random(leaf * 31 + weight);
        float[] values = new float[SIZES[weight]];
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    random.nextInt(9) == 0 ? -0f : (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7)));
        }
        return values;
    }

    private static Tensor tensor(float[] values) {
        Tensor tensor = torch.zeros(values.length);
        new FloatPointer(tensor.data_ptr_float()).put(values);
        return tensor;
    }

    /** The sums of a step whose last leaves, from {@code rows} on, are empty. */
    private static Map<Integer, float[]> step(Workers workers, int rows) {
        try (PointerScope scope = new PointerScope()) {
            List<Tensor> weights = weights();
            GradientExchange exchange = workers.world() == 1 ? null : new GradientExchange(workers, weights);
            try (GradientTree tree = new GradientTree(weights, exchange)) {
                step(workers, rows, weights, tree); // The second finds what the first left.
                return step(workers, rows, weights, tree);
            }
        }
    }

    private static List<Tensor> weights() {
        return IntStream.of(SIZES)
                .mapToObj(size -> torch.zeros(size).set_requires_grad(true))
                .toList();
    }

    private static Map<Integer, float[]> step(Workers workers, int rows, List<Tensor> weights, GradientTree tree) {
        int each = LEAVES / workers.world();
        int first = workers.rank() * each;
        tree.begin(first, first + each);
        for (int leaf = first; leaf < first + each; leaf++) {
            if (leaf >= rows) {
                tree.skip(leaf);
                continue;
            }
            for (int weight = SIZES.length - 1; weight >= 0; weight--) {
                try (PointerScope own = new PointerScope()) {
                    tree.leaf(leaf, null).add(weights.get(weight), tensor(values(leaf, weight)));
                }
            }
        }
        tree.finish();
        Map<Integer, float[]> sums = new HashMap<>();
        for (int weight = 0; weight < SIZES.length; weight++) {
            float[] sum = new float[SIZES[weight]];
            new FloatPointer(weights.get(weight).grad().data_ptr_float()).get(sum);
            sums.put(weight, sum);
            weights.get(weight).mutable_grad().reset();
        }
        return sums;
    }

    /** Equal bits: assertArrayEquals of floats takes 0 and -0 for different, as it should. */
    private static void assertSame(Map<Integer, float[]> alone, Map<Integer, float[]> sums, String of) {
        for (int weight = 0; weight < SIZES.length; weight++) {
            assertArrayEquals(alone.get(weight), sums.get(weight), of);
        }
    }

    @Test
    void anyNumberOfRanksGivesTheSameBytes() throws Exception {
        for (int rows : new int[] {LEAVES, 3}) {
            Map<Integer, float[]> alone =
                    onRanks(1, workers -> step(workers, rows)).get(0);
            for (int world : new int[] {2, 4}) {
                for (Map<Integer, float[]> sums : onRanks(world, workers -> step(workers, rows))) {
                    assertSame(alone, sums, world + " ranks, " + rows + " leaves");
                }
            }
        }
    }

    private static Object field(Object of, String name) throws ReflectiveOperationException {
        Field field = of.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(of);
    }

    /** The sums of a step if Gloo's own ring added up those of the ranks. */
    private static Map<Integer, float[]> ringStep(Workers workers) throws ReflectiveOperationException {
        ProcessGroupGloo ring = (ProcessGroupGloo) field(field(workers, "collectives"), "group");
        try (PointerScope scope = new PointerScope()) {
            List<Tensor> weights = weights();
            try (GradientTree tree = new GradientTree(weights)) {
                Map<Integer, float[]> sums = step(workers, LEAVES, weights, tree);
                for (int weight = 0; weight < SIZES.length; weight++) {
                    Tensor sum = tensor(sums.get(weight));
                    ring.allreduce(new TensorVector(sum))._wait();
                    new FloatPointer(sum.data_ptr_float()).get(sums.get(weight));
                }
                return sums;
            }
        }
    }

    @Test
    void thisComparisonFindsThatTheRingOfGlooAddsUpInAnotherOrder() throws Exception {
        Map<Integer, float[]> alone =
                onRanks(1, workers -> step(workers, LEAVES)).get(0);
        assertSame(alone, onRanks(2, GradientExchangeTest::ringStep).get(1), "x + y is y + x");
        List<Map<Integer, float[]>> four = onRanks(4, GradientExchangeTest::ringStep);
        assertThrows(AssertionFailedError.class, () -> assertSame(alone, four.get(0), "4 ranks"));
    }

    /** As many that each share is sent in several pieces. */
    @Test
    void manyValuesAreAddedUpInTheSameTree() throws Exception {
        for (boolean sharded : new boolean[] {false, true}) {
            onRanks(4, workers -> {
                try (PointerScope scope = new PointerScope()) {
                    Tensor[] ofRanks = IntStream.range(0, 4)
                            .mapToObj(GradientExchangeTest::manyValues)
                            .toArray(Tensor[]::new);
                    Tensor all = ofRanks[0].add(ofRanks[1]).add_(ofRanks[2].add(ofRanks[3]));
                    Tensor own = ofRanks[workers.rank()];
                    if (sharded) {
                        workers.await(workers.sumShare(own));
                        workers.await(workers.gatherShares(own));
                    } else {
                        workers.await(workers.sum(own));
                    }
                    assertTrue(torch.equal(all, own));
                    return 0;
                }
            });
        }
    }

    private static Tensor manyValues(int rank) {
        return torch.arange(new Scalar(3_000_004.0))
                .mul_(new Scalar(rank + 0.7))
                .sin_();
    }

    /** Those of all threads are counted, so a few may come or go; one that is left by each step would be many. */
    @Test
    void stepsLeaveNoNativePointersBehind() throws Exception {
        int steps = 100;
        onRanks(2, workers -> {
            try (PointerScope scope = new PointerScope()) {
                List<Tensor> weights = List.of(
                        torch.zeros(50).set_requires_grad(true),
                        torch.zeros(500).set_requires_grad(true));
                try (GradientTree tree = new GradientTree(weights, new GradientExchange(workers, weights))) {
                    long before = 0;
                    for (int step = -10; step < steps; step++) {
                        before = step == 0 ? Pointer.totalCount() : before;
                        tree.begin(2 * workers.rank(), 2 * workers.rank() + 2);
                        for (int leaf = 2 * workers.rank(); leaf < 2 * workers.rank() + 2; leaf++) {
                            try (PointerScope own = new PointerScope()) {
                                for (Tensor weight : weights) {
                                    tree.leaf(leaf, null).add(weight, torch.ones_like(weight));
                                }
                            }
                        }
                        tree.finish();
                        try (PointerScope own = new PointerScope()) {
                            weights.forEach(weight -> weight.mutable_grad().reset());
                        }
                        workers.gather(1, 2);
                    }
                    long more = Pointer.totalCount() - before;
                    assertTrue(more < steps / 2, more + " more");
                    return 0;
                }
            }
        });
    }

    @Test
    void aRankThatGivesUpAStepDoesNotHoldTheOthers() throws Exception {
        onRanks(2, workers -> {
            try (PointerScope scope = new PointerScope()) {
                List<Tensor> weights = List.of(torch.zeros(5).set_requires_grad(true));
                try (GradientTree tree = new GradientTree(weights, new GradientExchange(workers, weights))) {
                    tree.begin(workers.rank(), workers.rank() + 1);
                    if (workers.rank() == 1) {
                        tree.abandon();
                    } else {
                        tree.leaf(0, null).add(weights.get(0), torch.ones(5));
                        tree.finish();
                    }
                    weights.get(0).mutable_grad().reset();
                    return 0;
                }
            }
        });
    }

    @Test
    void aMissingGradientIsNoticed() throws Exception {
        onRanks(2, workers -> {
            try (PointerScope scope = new PointerScope()) {
                List<Tensor> weights = List.of(torch.zeros(5).set_requires_grad(true));
                try (GradientTree tree = new GradientTree(weights, new GradientExchange(workers, weights))) {
                    tree.begin(workers.rank(), workers.rank() + 1);
                    return assertThrows(IllegalStateException.class, tree::finish);
                }
            }
        });
    }

    @Test
    void whatIsGatheredSharedAndComparedIsTheSameOnAllRanks() throws Exception {
        List<String> results = onRanks(4, workers -> {
            double[] all = workers.gather(workers.rank(), 0.5);
            String shared = workers.share(workers.rank() == 0 ? "größer\nals" : "ignored");
            Workers.Difference same = workers.compare(Map.of("a", "1", "b", ""));
            Workers.Difference other = workers.compare(Map.of("a", "1", "b", workers.rank() == 2 ? "x" : "y"));
            try (PointerScope scope = new PointerScope()) {
                Tensor values = torch.zeros(6).fill_(new Scalar(workers.rank() + 7.0));
                workers.broadcast(List.of(values.view(2, 3).t())); // not contiguous
                return List.of(all[0], all[2], all[6], all[7])
                        + shared
                        + same
                        + other
                        + values.sum().item_float();
            }
        });
        for (String result : results) {
            assertEquals("[0.0, 1.0, 3.0, 0.5]größer\nalsnullDifference[rank=2, name=b, value=x, first=y]42.0", result);
        }
    }
}
