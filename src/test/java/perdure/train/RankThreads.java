package perdure.train;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import perdure.bench.TrainingRanks;
import perdure.distributed.Launch;
import perdure.distributed.Workers;

/** Ranks that are threads of this process. */
final class RankThreads {

    private RankThreads() {}

    interface Task<T> {
        T of(Workers workers) throws Exception;
    }

    /** What each rank returns. */
    static <T> List<T> run(int world, long bucketBytes, Task<T> task) throws Exception {
        int port = TrainingRanks.freePort();
        ExecutorService threads = Executors.newFixedThreadPool(world);
        try {
            List<Future<T>> results = new ArrayList<>();
            for (int rank = 0; rank < world; rank++) {
                Launch launch = world == 1 ? Launch.SINGLE : Launch.of(rank, world, "127.0.0.1:" + port);
                Workers.Options options =
                        new Workers.Options(launch, Duration.ofSeconds(60), Duration.ofSeconds(30), bucketBytes);
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
}
