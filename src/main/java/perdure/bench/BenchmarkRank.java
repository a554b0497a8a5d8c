package perdure.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.bench.TrainingBenchmark.Step;
import perdure.data.Batch;
import perdure.device.Devices;
import perdure.device.NativeConfig;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.distributed.Launch;
import perdure.distributed.Workers;
import perdure.train.Lanes;
import tools.jackson.databind.json.JsonMapper;

/** One of the processes that {@link RanksBenchmark} compares. It takes training steps when it is asked to. */
final class BenchmarkRank {

    private static final JsonMapper MAPPER = JsonMapper.shared();

    /**
     * What a process does of a step.
     *
     * @param recipe its first letter
     * @param ranks of the benchmark, which set the number of rows of a step
     * @param parts into which the rows are cut; a process has a thread for each of its ranks / parts leaves
     * @param part that is this process's
     * @param port where the processes meet that have the other parts; 0: it exchanges nothing
     */
    record Task(char recipe, int ranks, int parts, int part, int port) {

        static Task of(String... arguments) {
            int[] numbers =
                    Arrays.stream(arguments).skip(1).mapToInt(Integer::parseInt).toArray();
            return new Task(arguments[0].charAt(0), numbers[0], numbers[1], numbers[2], numbers[3]);
        }

        List<String> command() {
            List<String> command = TrainingProcess.command(List.of(), BenchmarkRank.class.getName());
            command.add(String.valueOf(recipe));
            for (int number : new int[] {ranks, parts, part, port}) {
                command.add(Integer.toString(number));
            }
            return command;
        }

        private Batch rows(Batch batch) {
            int rows = batch.rows() / parts;
            int from = part * rows * batch.context();
            int to = from + rows * batch.context();
            return Batch.of(
                    Arrays.copyOfRange(batch.ids(), from, to),
                    Arrays.copyOfRange(batch.targets(), from, to),
                    rows,
                    batch.context());
        }

        private Workers workers() {
            if (port == 0) {
                return Workers.alone();
            }
            Workers.Options usual = Workers.Options.DEFAULT;
            return Workers.join(
                    new Workers.Options(
                            Launch.of(part, parts, "127.0.0.1:" + port),
                            usual.exchangeTimeout(),
                            usual.silence(),
                            usual.bucketBytes()),
                    () -> false,
                    lost -> Runtime.getRuntime().halt(lost.exitCode()));
        }
    }

    private BenchmarkRank() {}

    /** Answers each number of steps on standard input with their seconds and losses. */
    public static void main(String[] arguments) {
        Task task = Task.of(arguments);
        int threads = task.ranks / task.parts;
        NativeRuntime.load(NativeConfig.standard().withThreads(threads));
        Recipe recipe = RanksBenchmark.recipe(task.recipe, task.ranks);
        List<Batch> batches =
                TrainingBenchmark.batches(recipe).stream().map(task::rows).toList();
        try (Workers workers = task.workers();
                TrainingBenchmark benchmark = new TrainingBenchmark(
                        recipe, Precision.FP32, Devices.resolve("cpu"), Lanes.of(threads, threads), workers, batches)) {
            answer(Map.of("name", "Perdure"));
            Scanner questions = new Scanner(System.in);
            while (questions.hasNextInt()) {
                List<Double> seconds = new ArrayList<>();
                List<Double> losses = new ArrayList<>();
                for (int left = questions.nextInt(); left > 0; left--) {
                    long begin = System.nanoTime();
                    Step step = benchmark.step();
                    seconds.add((System.nanoTime() - begin) / 1e9);
                    losses.add(step.loss());
                }
                answer(Map.of("seconds", seconds, "losses", losses));
            }
        }
    }

    private static void answer(Object line) {
        System.out.println(MAPPER.writeValueAsString(line));
    }
}
