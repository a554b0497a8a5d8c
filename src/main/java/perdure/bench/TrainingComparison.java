package perdure.bench;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.bench.TrainingBenchmark.Step;
import perdure.data.Batch;
import perdure.device.Precision;
import perdure.device.ResidentMemory;
import tools.jackson.databind.JsonNode;

/**
 * Measures training steps. They take turns with plain matrix products, and with other programs that take the same steps
 * from the same weights.
 */
public final class TrainingComparison {

    /** Steps per turn. During a turn, all other programs are idle. */
    private static final int TURN = 5;

    /**
     * Largest difference of the losses of the same step, in nats per token, between programs in float32. With a larger
     * one, the programs cannot be compared.
     */
    static final double LOSS_TOLERANCE = 1e-3;

    /** The same if one of them computes in bf16, whose mantissa has 8 bits. */
    static final double BF16_LOSS_TOLERANCE = 0.1;

    /**
     * The measurements of another program.
     *
     * @param milliseconds median ms per step, on a GPU the mean
     * @param peakBytes peak resident memory, or on a GPU the most that its tensors took there, in bytes
     * @param lossDifference largest difference of a step's loss, in nats per token
     * @param tolerance up to which the losses agree
     */
    public record Reference(String name, double milliseconds, long peakBytes, double lossDifference, double tolerance) {
        /** Whether the losses agree, so that the programs can be compared. */
        public boolean counts() {
            return lossDifference <= tolerance;
        }
    }

    /**
     * The measurements, as medians; on a GPU the time of a step is a mean, and its parts say when they were begun.
     *
     * @param step median of each part
     * @param milliseconds per step
     * @param achieved floating-point operations per second of the matrix products of a step
     * @param matrixPeak floating-point operations per second of large matrix products: the 90th percentile
     * @param peakBytes peak resident memory of this process so far, in bytes
     * @param collectionShare share of the time that the garbage collector took
     */
    public record Result(
            Step step,
            double milliseconds,
            double tokensPerSecond,
            double achieved,
            double matrixPeak,
            long peakBytes,
            double collectionShare,
            List<Reference> references) {}

    /**
     * Number of first steps whose losses are compared. Once the model has memorised the few batches, rounding errors
     * dominate.
     */
    private static final int COMPARED = 50;

    private TrainingComparison() {}

    /**
     * Runs the comparison. The times of a first turn are not counted. Those of a GPU are means: it works on while the next
     * step begins, so that only many steps together have a time, which ends when the GPU has ended.
     *
     * @param steps least number of measured steps
     * @param seconds least time of the measured steps
     * @param work an empty folder
     * @param python the Python to compare with, eager and compiled, for bf16 also with autocast; null for none
     * @throws BadInputException if that Python does not run the script
     */
    public static Result run(
            Recipe recipe, Precision precision, Device device, int steps, double seconds, Path work, Path python) {
        List<Step> times = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        List<Double> peaks = new ArrayList<>();
        List<Opponent> opponents = List.of();
        try (TrainingBenchmark benchmark = new TrainingBenchmark(recipe, precision, device)) {
            opponents = opponents(python, benchmark, precision, device, work);
            long collected = 0;
            double elapsed = 0;
            for (int done = -TURN; done < steps || elapsed < seconds * 1e3; done += TURN) {
                List<Batch> batches = benchmark.next(TURN);
                long before = collectorMillis();
                for (int i = 0; i < TURN; i++) {
                    Step step = benchmark.step();
                    losses.add(step.loss());
                    if (done >= 0) {
                        times.add(step);
                        elapsed += step.total();
                    }
                }
                double rest = benchmark.await();
                if (done >= 0) {
                    elapsed += rest;
                    collected += collectorMillis() - before;
                    peaks.add(benchmark.matrixPeak());
                }
                Map<String, Object> question = question(batches);
                for (Opponent opponent : opponents) {
                    opponent.turn(question, done >= 0);
                }
            }
            double total = device.is_cpu() ? median(times, Step::total) : elapsed / times.size();
            return new Result(
                    new Step(
                            median(times, Step::data),
                            median(times, Step::forward),
                            median(times, Step::backward),
                            median(times, Step::optimizer),
                            median(times, Step::loss)),
                    total,
                    benchmark.tokens() / total * 1e3,
                    benchmark.floatingPointOperations(total),
                    TrainingBenchmark.percentile(peaks, 0.9),
                    ResidentMemory.peakBytes(),
                    collected / elapsed,
                    opponents.stream().map(one -> one.result(losses, device)).toList());
        } finally {
            opponents.forEach(one -> one.script.close());
        }
    }

    private static List<Opponent> opponents(
            Path python, TrainingBenchmark benchmark, Precision precision, Device device, Path work) {
        if (python == null) {
            return List.of();
        }
        String folder = ReferenceScript.save(benchmark.model(), work).toString();
        String threads = Integer.toString(torch.get_num_threads());
        return modes(precision, device)
                .map(mode -> new Opponent(
                        new ReferenceScript(
                                python,
                                "train.py",
                                folder,
                                threads,
                                mode,
                                device.str().getString(),
                                precision.name().toLowerCase(Locale.ROOT)),
                        precision == Precision.FP32 ? LOSS_TOLERANCE : BF16_LOSS_TOLERANCE))
                .toList();
    }

    private static Stream<String> modes(Precision precision, Device device) {
        Stream<String> plain = Stream.of("eager", "compiled");
        if (precision != Precision.BF16) {
            return plain;
        }
        Stream<String> rounded = Stream.of("eager-autocast", "compiled-autocast");
        return device.is_cpu() ? Stream.concat(plain, rounded) : rounded; // On a GPU nobody would leave it out.
    }

    /** What {@code scripts/reference/train.py} is asked: to take a step on each of the batches. */
    static Map<String, Object> question(List<Batch> batches) {
        return Map.of(
                "learning_rate",
                TrainingBenchmark.LEARNING_RATE,
                "batches",
                batches.stream()
                        .map(batch -> Map.of("ids", rows(batch.ids(), batch), "targets", rows(batch.targets(), batch)))
                        .toList());
    }

    private static List<long[]> rows(long[] values, Batch batch) {
        int length = batch.context();
        return Stream.iterate(0, from -> from < values.length, from -> from + length)
                .map(from -> Arrays.copyOfRange(values, from, from + length))
                .toList();
    }

    /** Another program and its measurements. */
    private static final class Opponent {

        private final ReferenceScript script;
        private final List<Double> milliseconds = new ArrayList<>();
        private final List<Double> losses = new ArrayList<>();
        private long peakBytes;

        private final double tolerance;

        Opponent(ReferenceScript script, double tolerance) {
            this.script = script;
            this.tolerance = tolerance;
        }

        void turn(Map<String, Object> question, boolean counts) {
            JsonNode answer = script.ask(question);
            numbers(answer, "losses").forEach(losses::add);
            if (counts) {
                numbers(answer, "seconds").forEach(seconds -> milliseconds.add(seconds * 1e3));
            }
            peakBytes = answer.path("peak").asLong();
        }

        private static Stream<Double> numbers(JsonNode answer, String name) {
            return answer.path(name).valueStream().map(JsonNode::asDouble);
        }

        Reference result(List<Double> expected, Device device) {
            return new Reference(
                    script.name(),
                    device.is_cpu()
                            ? TrainingBenchmark.percentile(milliseconds, 0.5)
                            : milliseconds.stream()
                                    .mapToDouble(Double::doubleValue)
                                    .average()
                                    .orElse(Double.NaN),
                    peakBytes,
                    largestDifference(expected, losses),
                    tolerance);
        }
    }

    static double largestDifference(List<Double> ours, List<Double> theirs) {
        if (ours.size() != theirs.size()) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        for (int i = 0; i < Math.min(COMPARED, ours.size()); i++) {
            largest = Math.max(
                    largest,
                    Math.abs(ours.get(i) - theirs.get(i))); // NaN stays NaN: then the programs cannot be compared.
        }
        return largest;
    }

    private static double median(List<Step> steps, ToDoubleFunction<Step> of) {
        return TrainingBenchmark.percentile(
                steps.stream().mapToDouble(of).boxed().toList(), 0.5);
    }

    private static long collectorMillis() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
    }
}
