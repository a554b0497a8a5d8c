package perdure.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import perdure.device.NativeRuntime;
import perdure.distributed.Launch;
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

    private interface RankTask<T> {
        T of(Workers workers) throws Exception;
    }

    /** What each rank returns. */
    private static <T> List<T> onRanks(int world, RankTask<T> task) throws Exception {
        int port = freePort();
        ExecutorService threads = Executors.newFixedThreadPool(world);
        try {
            List<Future<T>> results = new ArrayList<>();
            for (int rank = 0; rank < world; rank++) {
                Launch launch = world == 1 ? Launch.SINGLE : Launch.of(rank, world, "127.0.0.1:" + port);
                Workers.Options options =
                        new Workers.Options(launch, Duration.ofSeconds(60), Duration.ofSeconds(30), 300);
                results.add(threads.submit(() -> {
                    try (Workers workers = Workers.join(options, () -> false, lost -> {})) {
                        T result = task.of(workers);
                        workers.leave();
                        return result;
                    }
                }));
            }
            List<T> all = new ArrayList<>();
            for (Future<T> result : results) {
                all.add(result.get());
            }
            return all;
        } finally {
            threads.shutdownNow();
            System.gc(); // It must not free what libtorch still uses.
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
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
            List<Tensor> weights = IntStream.of(SIZES)
                    .mapToObj(size -> torch.zeros(size).set_requires_grad(true))
                    .toList();
            GradientExchange exchange = workers.world() == 1 ? null : new GradientExchange(workers, weights);
            try (GradientTree tree = new GradientTree(weights, exchange)) {
                int each = LEAVES / workers.world();
                int first = workers.rank() * each;
                Map<Integer, float[]> sums = new HashMap<>();
                for (int round = 0; round < 2; round++) { // The second finds what the first left.
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
                    for (int weight = 0; weight < SIZES.length; weight++) {
                        float[] sum = new float[SIZES[weight]];
                        new FloatPointer(weights.get(weight).grad().data_ptr_float()).get(sum);
                        sums.put(weight, sum);
                        weights.get(weight).mutable_grad().reset();
                    }
                }
                return sums;
            }
        }
    }

    @Test
    void anyNumberOfRanksGivesTheSameBytes() throws Exception {
        for (int rows : new int[] {LEAVES, 3}) {
            Map<Integer, float[]> alone =
                    onRanks(1, workers -> step(workers, rows)).get(0);
            for (int world : new int[] {2, 4}) {
                for (Map<Integer, float[]> sums : onRanks(world, workers -> step(workers, rows))) {
                    for (int weight = 0; weight < SIZES.length; weight++) {
                        // Equal bits: assertArrayEquals of floats would take 0 and -0 for different, as it should.
                        assertArrayEquals(alone.get(weight), sums.get(weight), world + " ranks, " + rows + " leaves");
                    }
                }
            }
        }
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
