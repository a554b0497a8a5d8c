package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import perdure.checkpoint.Restart;

/** Measures how long a process takes from its start to its first resumed step, on the bundled corpus. */
public final class RecoveryBenchmark {

    /** The model has about 100 MB of weights and moments. */
    private static final List<String> FLAGS = List.of(
            "--no-server",
            "--epochs",
            "1",
            "--layers",
            "4",
            "--heads",
            "6",
            "--hidden-size",
            "384",
            "--intermediate-size",
            "1024",
            "--vocab-size",
            "3500",
            "--context",
            "64",
            "--batch-size",
            "1");

    private RecoveryBenchmark() {}

    /**
     * The measurements.
     *
     * @param bytes size of the checkpoint that was resumed
     * @param seconds from process start to the first resumed step, each time
     */
    public record Result(long bytes, List<Double> seconds) {}

    /**
     * Runs the benchmark.
     *
     * @param work an empty folder
     * @param times how often the run is resumed
     */
    public static Result run(Path work, int times) {
        Path run = work.resolve("run");
        List<String> first = new ArrayList<>(FLAGS);
        first.addAll(List.of("--max-steps", "1"));
        try (TrainingProcess trainer = TrainingProcess.start(run, work.resolve("first.log"), first)) {
            trainer.requireDone();
        }
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            long start = System.nanoTime();
            try (TrainingProcess trainer = TrainingProcess.start(run, work.resolve("resumed.log"), FLAGS)) {
                if (!trainer.await(() -> trainer.lastStep() > 0)) {
                    trainer.requireDone();
                }
                seconds.add((System.nanoTime() - start) / 1e9);
            }
        }
        return new Result(size(Restart.find(run).checkpoint().folder()), seconds);
    }

    private static long size(Path folder) {
        long size = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                size += Files.size(file);
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(folder + ": " + problem.getMessage(), problem);
        }
        return size;
    }
}
