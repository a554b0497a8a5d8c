package perdure.distributed;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.device.Devices;
import perdure.device.IntraOpThreads;
import perdure.device.NativeRuntime;
import perdure.device.StreamEvent;

/**
 * The processes that train one run together, seen from one of them, and what they exchange. A process on its own is one
 * of one: it exchanges nothing, and every method returns at once.
 *
 * <p>All ranks must call the same methods in the same order; a thread named "exchange" keeps it. Every method may throw
 * {@link WorkersLostException}, after which only {@link #close} may be called. Sums are the same for any number of ranks
 * if each holds the sum of an aligned block: see {@link #sum}.
 */
public final class Workers implements AutoCloseable {

    /**
     * How the workers come together and when they give up.
     *
     * @param exchangeTimeout how long a rank waits for others at the start and in an exchange, while their hearts beat
     * @param silence after so long without a heartbeat a rank is taken for lost
     * @param bucketBytes gradients that are exchanged at once
     */
    public record Options(Launch launch, Duration exchangeTimeout, Duration silence, long bucketBytes) {

        private static final Duration LEAST_SILENCE = Meeting.HEARTBEAT.multipliedBy(2);

        public static final Options DEFAULT =
                new Options(Launch.SINGLE, Duration.ofMinutes(10), Duration.ofSeconds(10), 25_000_000);

        public Options {
            requirePositive("exchange timeout", exchangeTimeout.toMillis());
            if (silence.compareTo(LEAST_SILENCE) < 0) {
                throw new IllegalArgumentException("silence " + Meeting.words(silence) + " is shorter than "
                        + Meeting.words(LEAST_SILENCE) + ": a process is heard once per second.");
            }
            requirePositive("bucket size", bucketBytes);
        }

        public Options bucketBytes(long bytes) {
            return new Options(launch, exchangeTimeout, silence, bytes);
        }

        public Options silence(Duration time) {
            return new Options(launch, exchangeTimeout, time, bucketBytes);
        }

        private static void requirePositive(String name, long value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " " + value + " is not positive.");
            }
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

    /** A property: whether GPUs exchange by NCCL, and not through the memory of the host. */
    private static final String NCCL = "perdure.nccl";

    private static final String LEFT = "left/";

    /** So long the last one of a run may take to free what it used. */
    private static final long FREEING_SECONDS = 5;

    private final Options options;
    private final Launch launch;
    private final Coordinator coordinator; // null: alone, as all below
    private final ExecutorService exchange;
    private Collectives collectives;
    private GpuCollectives gpuCollectives; // null before GPUs exchange
    private int shared;
    private long waited; // nanoseconds
    private boolean left;

    private Workers(Options options, BooleanSupplier stop, Consumer<WorkersLostException> overdue) {
        this.options = options;
        launch = options.launch();
        coordinator = launch.world() == 1 ? null : new Coordinator(options, stop, overdue);
        exchange = launch.world() == 1
                ? null
                : Executors.newSingleThreadExecutor(task -> {
                    Thread thread = new Thread(
                            () -> {
                                IntraOpThreads.limitThisThread(1);
                                task.run();
                            },
                            "exchange");
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /**
     * Refuses an environment that names a network interface that this machine does not have.
     *
     * @throws IllegalArgumentException that names it
     */
    public static void requireNetwork(Launch launch) {
        if (launch.world() > 1) {
            Collectives.interfaces();
        }
    }

    /** A process on its own. */
    public static Workers alone() {
        return new Workers(Options.DEFAULT, () -> false, lost -> {});
    }

    /**
     * Meets the other ranks. libtorch is loaded.
     *
     * @param stop asked while others are waited for that are not there yet
     * @param overdue told, on another thread, if the workers are lost and the thread that uses them has not noticed
     *     within a second, since it computes or is held by the network
     * @throws WorkersLostException if that is not possible within the exchange timeout
     * @throws CancellationException if a stop is asked for; those that have joined are told
     */
    public static Workers join(Options options, BooleanSupplier stop, Consumer<WorkersLostException> overdue) {
        Workers workers = new Workers(options, stop, overdue);
        if (workers.world() > 1) {
            try {
                NativeRuntime.loadGloo();
                workers.gatherText(Meeting.JOINED, "", options.exchangeTimeout());
                workers.coordinator.holdLifeline();
                workers.await(workers.submit(() -> workers.collectives =
                        new Collectives(options.launch(), workers.coordinator.store(), options.exchangeTimeout())));
            } catch (CancellationException stopped) {
                workers.coordinator.abort(Meeting.stopped(workers.rank()));
                workers.close();
                throw stopped;
            } catch (RuntimeException failed) {
                workers.close();
                throw failed;
            }
        }
        return workers;
    }

    /**
     * Tells the other ranks that this one ends before it has joined them, so that they end too, with this code and reason.
     * Those that do not come within the silence are not told.
     */
    public static void tell(Options options, int exitCode, String reason) {
        Launch launch = options.launch();
        if (launch.world() > 1) {
            Options hasty = new Options(launch, options.silence(), options.silence(), options.bucketBytes());
            try {
                NativeRuntime.load();
                try (Coordinator coordinator = new Coordinator(hasty, () -> false, lost -> {})) {
                    coordinator.abort(ending(launch, exitCode, reason));
                }
            } catch (RuntimeException | LinkageError unable) {
                LOG.debug("The other ranks are not told.", unable);
            }
        }
    }

    private static WorkersLostException ending(Launch launch, int exitCode, String reason) {
        return new WorkersLostException(exitCode, "rank " + launch.rank() + ": " + reason);
    }

    public int rank() {
        return launch.rank();
    }

    public int world() {
        return launch.world();
    }

    /** Whether this is the rank that has the run folder. */
    public boolean isFirst() {
        return launch.isFirst();
    }

    /** How many gradients are exchanged at once, in bytes. */
    public long bucketBytes() {
        return options.bucketBytes();
    }

    /** @throws WorkersLostException if another rank is lost */
    public void check() {
        if (coordinator != null) {
            coordinator.check();
        }
    }

    /** The values of the first rank, on all: by name, each as long as it may be. Others' are ignored. */
    public byte[] share(byte[] value) {
        if (world() == 1) {
            return value;
        }
        String key = "shared/" + shared++;
        if (isFirst()) {
            coordinator.write(key, value);
            return value;
        }
        return coordinator.await(key, 0, null);
    }

    /** As {@link #share(byte[])}. */
    public String share(String value) {
        return new String(share(value.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    /** The texts of all ranks, in their order. */
    private List<String> gatherText(String name, String mine, Duration limit) {
        coordinator.write(name + rank(), mine.getBytes(StandardCharsets.UTF_8));
        return IntStream.range(0, world())
                .mapToObj(rank -> new String(coordinator.await(name + rank, rank, limit), StandardCharsets.UTF_8))
                .toList();
    }

    /** A value of a rank that differs from that of the first. */
    public record Difference(int rank, String name, String value, String first) {}

    /**
     * Compares values of all ranks with those of the first one, before anything is exchanged that depends on them.
     *
     * @param values one line each
     * @return the first difference, the same on all ranks; null if there is none
     */
    public Difference compare(Map<String, String> values) {
        if (world() == 1) {
            return null;
        }
        List<Map<String, String>> all = gatherText(
                        "same/" + shared++ + "/",
                        values.entrySet().stream()
                                .map(entry -> entry.getKey() + "\t" + entry.getValue())
                                .collect(Collectors.joining("\n")),
                        null)
                .stream()
                .map(Workers::values)
                .toList();
        for (int rank = 1; rank < world(); rank++) {
            for (String name : all.get(0).keySet()) {
                String first = all.get(0).get(name);
                String other = all.get(rank).getOrDefault(name, "not there");
                if (!first.equals(other)) {
                    return new Difference(rank, name, other, first);
                }
            }
        }
        return null;
    }

    private static Map<String, String> values(String lines) {
        Map<String, String> values = new TreeMap<>();
        lines.lines().forEach(line -> values.put(line.split("\t", 2)[0], line.split("\t", 2)[1]));
        return values;
    }

    /** The numbers of all ranks, in their order. Each rank has as many. */
    public double[] gather(double... mine) {
        if (world() == 1) {
            return mine;
        }
        double[] all = new double[mine.length * world()];
        await(submit(() -> collectives.gather(mine, all)));
        return all;
    }

    /** Writes the first rank's values of some tensors into those of the others. */
    public void broadcast(Collection<Tensor> tensors) {
        if (world() == 1) {
            return;
        }
        StreamEvent there = new StreamEvent(tensors.iterator().next());
        await(submit(() -> {
            reach(there);
            for (Tensor tensor : tensors) {
                try (PointerScope scope = new PointerScope()) {
                    Tensor whole = tensor.cpu().contiguous();
                    collectives.broadcast(whole);
                    tensor.copy_(whole);
                }
            }
        }));
    }

    /**
     * Begins to replace a tensor by the sum of those of all ranks. A sum of many ranks is that of its first half plus
     * that of its second half, and so on. So if rank {@code r} of {@code W} holds such a sum over the block {@code r} of
     * {@code W} of some leaves, the result is the same for any {@code W}.
     *
     * <p>Each rank adds up its share of the values for all: as many bytes go over the network as in a ring, whose order
     * depends on the number of ranks.
     *
     * @param values of which there are as many on each rank, a multiple of the number of ranks
     */
    public Future<?> sum(Tensor values) {
        return exchange(values, ShareExchange::sum);
    }

    /**
     * As {@link #sum}, but only this rank's share of the values is replaced: the {@code rank}-th of as many equal ones as
     * there are ranks. The other values are undefined then.
     */
    public Future<?> sumShare(Tensor values) {
        return exchange(values, ShareExchange::sumShare);
    }

    /** Begins to replace each share of a tensor by that of the rank whose share it is. */
    public Future<?> gatherShares(Tensor values) {
        return exchange(values, ShareExchange::gatherShares);
    }

    private Future<?> exchange(Tensor values, BiConsumer<ShareExchange, Tensor> task) {
        if (world() == 1) {
            return CompletableFuture.completedFuture(null);
        }
        StreamEvent there = new StreamEvent(values); // The thread that exchanges has another stream.
        return submit(() -> {
            reach(there);
            if (values.is_cuda() && Boolean.getBoolean(NCCL)) {
                task.accept(onGpu(values.device()), values);
                reach(new StreamEvent(values));
                return;
            }
            Tensor own = values.cpu(); // itself, unless it is on a GPU
            task.accept(collectives, own);
            if (!values.is_cpu()) {
                values.copy_(own);
            }
        });
    }

    private static void reach(StreamEvent event) {
        try (event) {
            event.await();
        }
    }

    /** Called by the thread that exchanges. */
    private GpuCollectives onGpu(Device device) {
        if (gpuCollectives == null) {
            NativeRuntime.loadNccl();
            Devices.useOwnStream(device); // The backward pass goes on meanwhile.
            gpuCollectives = GpuCollectives.nccl(launch, coordinator.store(), options.exchangeTimeout());
        }
        return gpuCollectives;
    }

    private Future<?> submit(Runnable task) {
        return exchange.submit(() -> {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                task.run();
            }
        });
    }

    /** Waits for what was begun. */
    public void await(Future<?> work) {
        if (world() == 1) {
            return;
        }
        long start = System.nanoTime();
        coordinator.await(work);
        waited += System.nanoTime() - start;
    }

    /**
     * What a rank said of itself last.
     *
     * @param step that it has finished
     * @param heardSeconds since it was heard
     * @param waitSeconds that it has waited in exchanges; the slowest rank waits least
     */
    public record RankState(int rank, String host, long step, double heardSeconds, double waitSeconds) {}

    /** Tells the first rank that this one has finished a step. */
    public void finished(long step) {
        if (coordinator != null) {
            coordinator.say(step, waited / 1e9);
        }
    }

    /** All ranks, as the first one knows them; none if it is alone. */
    public List<RankState> states() {
        return coordinator == null ? List.of() : coordinator.states();
    }

    /** Why they are lost; null if they are not. */
    public WorkersLostException lost() {
        return coordinator == null ? null : coordinator.lost();
    }

    /** Tells the others that this rank ends, so that they end too, with this code. */
    public void abort(int exitCode, String reason) {
        if (coordinator != null) {
            coordinator.abort(ending(launch, exitCode, reason));
        }
    }

    /** From now on the first rank works without the others: if one is lost, nobody is told before {@link #leave}. */
    public void goOnAlone() {
        if (coordinator != null && isFirst()) {
            coordinator.goOnAlone();
        }
    }

    /**
     * Waits until the first rank has ended the work that others depend on, and all know. After that nothing of the others
     * is missed.
     */
    public void leave() {
        if (world() == 1 || left) {
            return;
        }
        if (isFirst()) {
            coordinator.endLifelines();
            coordinator.write(LEFT + 0, new byte[0]);
            for (int rank = 1; rank < world(); rank++) {
                coordinator.awaitEnd(LEFT + rank, rank, options.silence());
            }
            coordinator.close();
        } else {
            coordinator.awaitEnd(LEFT + 0, 0, null);
            coordinator.close();
            coordinator.write(LEFT + rank(), new byte[0]);
        }
        left = true;
    }

    /** Leaves nothing behind; the others are not told. */
    @Override
    public void close() {
        if (coordinator != null) {
            coordinator.close();
            if (left) {
                freeSoon();
            }
            exchange.shutdown();
        }
    }

    private void freeSoon() {
        Future<?> freed = exchange.submit(() -> {
            collectives.free();
            if (gpuCollectives != null) {
                gpuCollectives.free();
            }
            coordinator.free();
        });
        try {
            freed.get(FREEING_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException held) {
            LOG.debug("What the workers used is not freed.", held);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
