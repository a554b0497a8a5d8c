package perdure.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.bench.TrainingRanks;
import perdure.device.Devices;
import perdure.device.NativeRuntime;

/** What GPUs add up has the bytes of what processors do. The ranks are threads, and but for one test Gloo moves the values. */
@Timeout(120)
class GpuCollectivesTest {

    private static final int SHARE = 3000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @BeforeAll
    static void load() {
        NativeRuntime.load();
        NativeRuntime.loadGloo();
    }

    interface Task {
        float[] of(Launch launch, Meeting meeting) throws Exception;
    }

    /** What each rank returns. */
    private static List<float[]> onRanks(int world, Task task) throws Exception {
        String place = "127.0.0.1:" + TrainingRanks.freePort();
        ExecutorService threads = Executors.newFixedThreadPool(world);
        try {
            List<Future<float[]>> results = new ArrayList<>();
            for (int rank = 0; rank < world; rank++) {
                Launch launch = Launch.of(rank, world, place);
                results.add(threads.submit(() -> {
                    Meeting meeting = new Meeting(launch, PATIENCE, () -> false);
                    try (PointerScope scope = new PointerScope()) {
                        return task.of(launch, meeting);
                    }
                }));
            }
            List<float[]> all = new ArrayList<>();
            for (Future<float[]> result : results) {
                all.add(result.get());
            }
            return all;
        } finally {
            threads.shutdownNow();
        }
    }

    /** Of very different sizes, so that another order rounds otherwise. */
    private static Tensor values(Launch launch) {
        Random random = new Random(launch.rank());
        Tensor values = torch.zeros(launch.world() * (long) SHARE);
        float[] numbers = new float[launch.world() * SHARE];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7)));
        }
        new FloatPointer(values.data_ptr_float()).put(numbers);
        return values;
    }

    private static float[] numbers(Tensor values) {
        float[] numbers = new float[(int) values.numel()];
        new FloatPointer(values.data_ptr_float()).get(numbers);
        return numbers;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void addsUpToTheSameBytes(int world) throws Exception {
        List<float[]> expected = onRanks(world, (launch, meeting) -> {
            Collectives gloo = new Collectives(launch, meeting.store(), PATIENCE);
            Tensor values = values(launch);
            gloo.sum(values);
            return numbers(values);
        });
        List<float[]> actual = onRanks(world, (launch, meeting) -> {
            Collectives gloo = new Collectives(launch, meeting.store(), PATIENCE);
            GpuCollectives whole = new GpuCollectives(gloo.group(), launch.rank(), launch.world());
            Tensor values = values(launch);
            whole.sum(values);
            return numbers(values);
        });
        for (int rank = 0; rank < world; rank++) {
            assertArrayEquals(expected.get(0), actual.get(rank));
            assertArrayEquals(expected.get(0), expected.get(rank));
        }
    }

    /** All that one GPU can show of NCCL, which wants one for each rank. */
    @Test
    @Tag("gpu")
    void movesValuesByNccl() throws Exception {
        assumeTrue(Devices.cudaAvailable(), "no CUDA device");
        NativeRuntime.loadNccl();
        List<float[]> sums = onRanks(1, (launch, meeting) -> {
            Devices.useOwnStream(new Device("cuda:0"));
            GpuCollectives nccl = GpuCollectives.nccl(launch, meeting.store(), PATIENCE);
            Tensor values = values(launch).to(new Device("cuda:0"), torch.ScalarType.Float);
            nccl.sum(values);
            return numbers(values.cpu());
        });
        assertArrayEquals(numbers(values(Launch.SINGLE)), sums.get(0));
    }
}
