package perdure.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.data.Batch;
import perdure.model.LanguageModel;
import tools.jackson.databind.JsonNode;

/**
 * Measures what it costs to train in several processes of one thread each. They take turns with one process that has as
 * many threads, and with processes that exchange nothing, which no exchange can beat. Each is a child process, and all
 * compute the same steps.
 */
public final class RanksBenchmark {

    /** Steps per turn. During a turn, all others are idle. */
    private static final int TURN = 3;

    /**
     * The measurements, in tokens per second, from the medians of the steps.
     *
     * @param alone one process with a thread for each rank
     * @param ranks the ranks
     * @param unconnected as many processes that exchange nothing, in sum
     * @param lossDifference largest difference between losses of the ranks and of one process
     * @param python ranks of Python; null if it was not asked for
     */
    public record Result(double alone, double ranks, double unconnected, double lossDifference, Python python) {}

    /** @param lossDifference largest difference from the losses of one process of ours */
    public record Python(String name, double tokensPerSecond, double lossDifference) {}

    private RanksBenchmark() {}

    /** The three shapes of {@link Recipe#all}, with as many tokens per rank as fit a comparison of ranks. */
    public static List<Recipe> recipes(int ranks) {
        List<Recipe> all = Recipe.all();
        return List.of(
                all.get(0).batch(6 * ranks),
                all.get(1).batch(6 * ranks),
                all.get(2).batch(2 * ranks));
    }

    static Recipe recipe(char letter, int ranks) {
        return recipes(ranks).get(letter - 'a');
    }

    /**
     * Runs the comparison. The first step is not counted.
     *
     * @param recipe one of {@link #recipes}
     * @param steps least number of measured steps
     * @param work an empty folder
     * @param python the Python whose DistributedDataParallel is compared with; null for none
     * @throws BadInputException if that Python does not run the script
     * @throws IllegalStateException if a process of ours fails
     */
    public static Result run(Recipe recipe, int ranks, int steps, Path work, Path python) {
        char letter = recipe.name().charAt(0);
        int port = TrainingRanks.freePort();
        List<Batch> batches = TrainingBenchmark.batches(recipe);
        try (Side alone = new Side(1, part -> start(new BenchmarkRank.Task(letter, ranks, 1, part, 0)));
                Side together =
                        new Side(ranks, part -> start(new BenchmarkRank.Task(letter, ranks, ranks, part, port)));
                Side unconnected =
                        new Side(ranks, part -> start(new BenchmarkRank.Task(letter, ranks, ranks, part, 0)));
                Side other = python == null ? null : python(recipe, ranks, work, python)) {
            for (int done = 0; done <= steps; done += done == 0 ? 1 : TURN) {
                int turn = done == 0 ? 1 : TURN;
                for (Side side : List.of(alone, together, unconnected)) {
                    side.turn(turn, done > 0);
                }
                if (other != null) {
                    other.turn(TrainingComparison.question(TrainingBenchmark.next(batches, done, turn)), done > 0);
                }
            }
            return new Result(
                    alone.rate(recipe),
                    together.rate(recipe),
                    unconnected.rate(recipe),
                    TrainingComparison.largestDifference(alone.losses, together.losses),
                    other == null
                            ? null
                            : new Python(
                                    other.processes.get(0).name(),
                                    other.rate(recipe),
                                    TrainingComparison.largestDifference(alone.losses, other.losses)));
        }
    }

    private static JsonProcess start(BenchmarkRank.Task task) {
        return new JsonProcess(
                task.command(), problem -> new IllegalStateException("A process of the benchmark: " + problem));
    }

    private static Side python(Recipe recipe, int ranks, Path work, Path python) {
        String folder;
        try (LanguageModel model = new LanguageModel(recipe.config(), 1)) {
            folder = ReferenceScript.save(model, work).toString();
        }
        String port = Integer.toString(TrainingRanks.freePort());
        return new Side(
                ranks,
                rank -> ReferenceScript.start(
                        python, "ddp.py", folder, Integer.toString(rank), Integer.toString(ranks), port));
    }

    /** Processes that compute a step together, and their measurements. */
    private static final class Side implements AutoCloseable {
        private final List<JsonProcess> processes = new ArrayList<>();
        private final List<List<Double>> seconds;
        private final List<Double> losses = new ArrayList<>();

        Side(int count, IntFunction<JsonProcess> start) {
            seconds = Stream.generate(() -> (List<Double>) new ArrayList<Double>())
                    .limit(count)
                    .toList();
            try {
                for (int i = 0; i < count; i++) {
                    processes.add(start.apply(i));
                }
                processes.forEach(JsonProcess::awaitReady);
            } catch (RuntimeException notReady) {
                close();
                throw notReady;
            }
        }

        void turn(Object question, boolean counts) {
            processes.forEach(process -> process.send(question));
            for (int i = 0; i < processes.size(); i++) {
                JsonNode answer = processes.get(i).receive();
                if (counts) {
                    answer.path("seconds").valueStream().map(JsonNode::asDouble).forEach(seconds.get(i)::add);
                }
                if (i == 0) {
                    answer.path("losses").valueStream().map(JsonNode::asDouble).forEach(losses::add);
                }
            }
        }

        /** Tokens per second: each process computes as many. */
        double rate(Recipe recipe) {
            double share = (double) recipe.tokens() / processes.size();
            return seconds.stream()
                    .mapToDouble(each -> share / TrainingBenchmark.percentile(each, 0.5))
                    .sum();
        }

        @Override
        public void close() {
            processes.forEach(JsonProcess::close);
        }
    }
}
