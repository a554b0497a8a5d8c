package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import perdure.bench.FineTuningBenchmark;
import perdure.bench.GenerationBenchmark;
import perdure.bench.GpuPeak;
import perdure.bench.PollingBenchmark;
import perdure.bench.RanksBenchmark;
import perdure.bench.RecoveryBenchmark;
import perdure.bench.SaveBenchmark;
import perdure.bench.TrainingBenchmark;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.bench.TrainingComparison;
import perdure.bench.WorkFolder;
import perdure.cli.HelpSections.Heading;
import perdure.device.Devices;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.device.Processor;
import perdure.run.BadInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench}: measures how fast this machine trains, saves, resumes, answers and generates. */
@Command(
        name = "bench",
        description = {
            "Measures how fast this machine trains.",
            "It trains on random tokens on the CPU. --ranks, --saves,"
                    + " --recovery, --polling, --generation and --fine-tuning measure something else instead."
        },
        customSynopsis = "perdure bench [OPTIONS]",
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:Done.", Main.FAILURE, Main.BAD_INPUT},
        mixinStandardHelpOptions = true,
        sortOptions = false)
@Heading("Benchmark")
final class BenchCommand implements Callable<Integer> {
    private static final int QUICK_STEPS = 5;

    /** Seconds to measure at least: short steps are repeated for that long, however few were asked for. */
    private static final double SECONDS = 20;

    /** The same on a GPU. */
    private static final double GPU_SECONDS = 5;

    /** Steps of fine-tuning that are measured three times; more take one turn, which is long enough. */
    private static final int FEW = 20;

    @Option(names = "--quick", description = "Few steps of the smallest recipe: shows that the benchmark runs.")
    boolean quick;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "50",
            description = "Steps per recipe, at least (default: ${DEFAULT-VALUE}).")
    int steps;

    @Option(
            names = "--recipe",
            paramLabel = "a|b|c|d|e",
            description = {
                "Runs one recipe alone (default: all three, with --device cuda all five).",
                "a: 4 layers, width 128.",
                "b: 6 layers, width 384.",
                "c: 12 layers, width 768.",
                "d and e, with --device cuda: c with 16 rows of 1,024 tokens; 24 layers, width 1,280, with the same."
            })
    String recipe;

    @Option(
            names = "--saves",
            description = "Measures what saving costs: a save every 50 steps against none, with 10 million parameters.")
    boolean saves;

    @Option(
            names = "--recovery",
            description = "Measures the time from the start of java to the first resumed step, with 100 MB of state.")
    boolean recovery;

    @Option(
            names = "--polling",
            description = "Measures what 20 connections cost that ask for the status 50 times per second each.")
    boolean polling;

    @Option(
            names = "--generation",
            description = "Measures how fast one sequence is continued, always with the most likely token.")
    boolean generation;

    @Option(
            names = "--fine-tuning",
            description =
                    "Measures fine-tuning on 1,000 conversations, with 25 million parameters: --steps of an epoch.")
    boolean fineTuning;

    @Option(names = "--lora", description = "With --fine-tuning: adapters are trained in place of the weights.")
    boolean lora;

    @Option(
            names = "--ranks",
            paramLabel = "N",
            description = "Measures N processes of one thread each that train together, against one process with N"
                    + " threads and against N processes that exchange nothing.")
    Integer ranks;

    @Option(
            names = "--against-python",
            paramLabel = "PYTHON",
            description = "A Python to compare with, in turns, on the same weights, batches and threads. It needs"
                    + " torch; transformers for --generation; trl for --fine-tuning, and peft with --lora.")
    Path python;

    @Mixin
    NativeFlags nativeFlags;

    @Override
    public Integer call() {
        if (steps < 1) {
            throw new BadInputException("--steps " + steps + " is not a positive number.");
        }
        if (python != null && (saves || recovery || polling)) {
            throw new BadInputException(
                    "--against-python works for training and with --generation and --fine-tuning, not with the other measurements.");
        }
        if (lora && !fineTuning) {
            throw new BadInputException("--lora is for --fine-tuning.");
        }
        if (recipe != null && (saves || recovery || polling || fineTuning)) {
            throw new BadInputException("--recipe " + recipe
                    + " works for training and with --generation, not with the other measurements.");
        }
        if (nativeFlags.precision() != Precision.FP32 && (saves || recovery || polling || fineTuning)) {
            throw new BadInputException(
                    "--precision " + nativeFlags.precision
                            + " works for training and with --generation, not with the other measurements, which are in float32.");
        }
        if (onGpu() && (saves || recovery || polling || generation || fineTuning || ranks != null)) {
            throw new BadInputException("--device " + nativeFlags.device
                    + " works for training, not with the other measurements, which are on the CPU.");
        }
        if (nativeFlags.precision() == Precision.TF32 && !onGpu()) {
            throw new BadInputException("--precision tf32: bench measures the CPU, which does not have it, unless"
                    + " --device cuda is given.");
        }
        if (ranks != null) {
            requireRanks();
        }
        if (recovery) {
            measureRecovery();
            return 0;
        }
        if (recipe != null && ranks == null && !generation && !onGpu()) {
            Launch.shareArena(() -> recipes().get(0).config().parameterCount()); // as its training does
        }
        nativeFlags.load();
        if (ranks != null) {
            measureRanks();
            return 0;
        }
        if (saves) {
            measureSaves();
            return 0;
        }
        if (polling) {
            measurePolling();
            return 0;
        }
        if (generation) {
            measureGeneration();
            return 0;
        }
        if (fineTuning) {
            measureFineTuning();
            return 0;
        }
        measureTraining();
        return 0;
    }

    /** Whether a GPU is asked for: otherwise the CPU is measured, whatever the build. */
    private boolean onGpu() {
        return nativeFlags.device != null && !List.of("auto", "cpu").contains(nativeFlags.device);
    }

    private void requireRanks() {
        if (ranks < 2 || Integer.bitCount(ranks) != 1) {
            throw new BadInputException("--ranks " + ranks + " is not a power of two: 2, 4, 8, …");
        }
        if (saves || recovery || polling || generation || fineTuning || nativeFlags.precision() != Precision.FP32) {
            throw new BadInputException(
                    "--ranks " + ranks + " measures training in float32, and goes with no other measurement.");
        }
        if (nativeFlags.threads != null || nativeFlags.nativeConfig != null) {
            throw new BadInputException("--ranks " + ranks
                    + " sets the threads of its processes: --threads and --native-config do not go with it.");
        }
    }

    private void measureRanks() {
        System.out.printf(
                "Medians of at least %d steps, in turns, in tokens per second. On %s, with Java %s and %s.%n",
                quick ? 1 : steps, Processor.current().name(), Runtime.version(), NativeRuntime.libraries());
        for (Recipe recipe : chosen(RanksBenchmark.recipes(ranks))) {
            try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
                print(recipe, RanksBenchmark.run(recipe, ranks, quick ? 1 : steps, work.path(), python));
            }
        }
    }

    private void print(Recipe recipe, RanksBenchmark.Result result) {
        System.out.printf(
                Locale.ROOT,
                "%s, %,d tokens per step: %,.0f by %d ranks of one thread; %,.0f by one process of %d threads;"
                        + " %,.0f by %d processes that exchange nothing, of which the ranks reach %.2f;"
                        + " losses of ranks and process differ by at most %.1e%n",
                recipe.name(),
                recipe.tokens(),
                result.ranks(),
                ranks,
                result.alone(),
                ranks,
                result.unconnected(),
                ranks,
                result.ranks() / result.unconnected(),
                result.lossDifference());
        if (result.python() != null) {
            System.out.printf(
                    Locale.ROOT,
                    "  %s: %,.0f tokens/s, ratio %.2f; losses differ by at most %.1e%n",
                    result.python().name(),
                    result.python().tokensPerSecond(),
                    result.ranks() / result.python().tokensPerSecond(),
                    result.python().lossDifference());
        }
    }

    private static void print(Recipe recipe, TrainingComparison.Result result, OptionalDouble peak) {
        String share = peak.isPresent()
                ? String.format(
                        Locale.ROOT,
                        "%.1f %% of the card's %.0f TFLOP/s",
                        100 * result.achieved() / peak.getAsDouble(),
                        peak.getAsDouble() / 1e12)
                : "the card's peak is not known";
        System.out.printf(
                Locale.ROOT,
                "%s: %,.0f tokens/s, %.2f ms per step, %.1f TFLOP/s (%s; large products reach %.1f)%n",
                recipe.name(),
                result.tokensPerSecond(),
                result.milliseconds(),
                result.achieved() / 1e12,
                share,
                result.matrixPeak() / 1e12);
        for (TrainingComparison.Reference reference : result.references()) {
            System.out.printf(
                    Locale.ROOT,
                    "  %s: %.2f ms per step; losses differ by at most %.1e%s%n",
                    reference.name(),
                    reference.milliseconds(),
                    reference.lossDifference(),
                    ratio(reference, result));
        }
    }

    private static String ratio(TrainingComparison.Reference reference, TrainingComparison.Result result) {
        return reference.counts()
                ? String.format(Locale.ROOT, "; ratio %.2f", reference.milliseconds() / result.milliseconds())
                : "; too much to compare times";
    }

    private void measureTraining() {
        int least = quick ? QUICK_STEPS : steps;
        Precision precision = nativeFlags.precision();
        try (Device device = onGpu() ? nativeFlags.device() : Devices.resolve("cpu")) {
            String processor = Devices.model(device);
            printHeading(least, precision, device, processor);
            double seconds = device.is_cpu() ? SECONDS : GPU_SECONDS;
            for (Recipe recipe : recipes()) {
                try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
                    TrainingComparison.Result result = TrainingComparison.run(
                            recipe, precision, device, least, quick ? 0 : seconds, work.path(), python);
                    if (device.is_cpu()) {
                        print(recipe, result);
                    } else {
                        print(recipe, result, GpuPeak.of(processor, precision));
                    }
                }
            }
        }
    }

    private static void printHeading(int least, Precision precision, Device device, String processor) {
        if (device.is_cpu()) {
            System.out.printf(
                    "Medians of at least %d steps, %d threads, %s. Parts of a step: data + forward (with the loss and the"
                            + " gradient of the output projection) + backward + optimizer.%n",
                    least, torch.get_num_threads(), inWords(precision == Precision.BF16));
            System.out.println(
                    "On " + processor + ", with Java " + Runtime.version() + " and " + NativeRuntime.libraries() + ".");
        } else {
            System.out.printf(
                    Locale.ROOT,
                    "Means of at least %d steps, %s, on one %s, with Java %s and %s.%n",
                    least,
                    precision.name().toLowerCase(Locale.ROOT),
                    processor,
                    Runtime.version(),
                    NativeRuntime.libraries());
        }
    }

    private static String inWords(boolean bf16) {
        return bf16 ? "bf16" : "float32";
    }

    private List<Recipe> recipes() {
        return chosen(onGpu() ? Recipe.onGpus() : Recipe.all());
    }

    private List<Recipe> chosen(List<Recipe> all) {
        if (recipe == null) {
            return quick ? all.subList(0, 1) : all;
        }
        List<Recipe> chosen =
                all.stream().filter(one -> one.name().startsWith(recipe + ":")).toList();
        if (chosen.isEmpty()) {
            throw new BadInputException("--recipe " + recipe + " is not one of a, b, c"
                    + (onGpu() ? ", d, e." : "; d and e are for --device cuda."));
        }
        return chosen;
    }

    private static void print(Recipe recipe, TrainingComparison.Result result) {
        System.out.printf(
                Locale.ROOT,
                "%s, batches in %d leaves: %,.0f tokens/s, %.1f ms per step (%.1f + %.1f + %.1f + %.1f), %.0f of %.0f GFLOP/s (%.0f %%),"
                        + " %,.0f MB peak memory, %.2f %% garbage collection%n",
                recipe.name(),
                recipe.leaves(),
                result.tokensPerSecond(),
                result.milliseconds(),
                result.step().data(),
                result.step().forward(),
                result.step().backward(),
                result.step().optimizer(),
                result.achieved() / 1e9,
                result.matrixPeak() / 1e9,
                100 * result.achieved() / result.matrixPeak(),
                result.peakBytes() / 1e6,
                100 * result.collectionShare());
        for (TrainingComparison.Reference reference : result.references()) {
            System.out.printf(
                    Locale.ROOT,
                    "  %s: %.1f ms per step, %,.0f MB peak memory; losses differ by at most %.1e%s%n",
                    reference.name(),
                    reference.milliseconds(),
                    reference.peakBytes() / 1e6,
                    reference.lossDifference(),
                    ratio(reference, result));
        }
    }

    private void measureSaves() {
        Recipe recipe = quick ? Recipe.all().get(0) : SaveBenchmark.RECIPE;
        int stepsPerSave = quick ? 5 : 50;
        try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
            SaveBenchmark.Result result = SaveBenchmark.run(recipe, work.path(), quick ? 2 : 6, stepsPerSave);
            System.out.printf(
                    Locale.ROOT,
                    "%s, %d saves: the loop stands still for %.1f ms (p50), %.1f ms (p99).%n"
                            + "With a save every %d steps that is %.2f %% of the run time, with one every 60 s %.2f %%;"
                            + " with all that saving does, the same steps take %.1f %% longer.%n",
                    recipe.name(),
                    result.stalls().size(),
                    result.stall(0.5),
                    result.stall(0.99),
                    stepsPerSave,
                    100 * result.stallShare(),
                    100 * result.stall(0.5) / 60_000,
                    100 * result.slowdown());
        }
    }

    private void measurePolling() {
        try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
            for (Recipe recipe : quick ? recipes() : List.of(Recipe.all().get(0), SaveBenchmark.RECIPE)) {
                PollingBenchmark.Result result =
                        PollingBenchmark.run(recipe, work.path(), quick ? 2 : 30, quick ? 0.5 : 2);
                System.out.printf(
                        Locale.ROOT,
                        "%s, %d threads: %.1f ms per step; while %d connections ask %d times per second each and get"
                                + " %.0f answers per second in all: %+.1f %%%n",
                        recipe.name(),
                        torch.get_num_threads(),
                        result.plain(),
                        PollingBenchmark.POLLERS,
                        PollingBenchmark.REQUESTS_A_SECOND,
                        result.requestsPerSecond(),
                        100 * result.slowdown());
            }
        }
    }

    private void measureGeneration() {
        int turns = quick ? 3 : 15;
        boolean bf16 = nativeFlags.precision() == Precision.BF16;
        System.out.printf(
                "Medians of %d, batch 1, at most %d threads, %s.%n", turns, torch.get_num_threads(), inWords(bf16));
        for (Recipe recipe : recipes()) {
            try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
                GenerationBenchmark.Result result =
                        GenerationBenchmark.run(recipe.config(), bf16, work.path(), turns, python);
                System.out.printf(
                        Locale.ROOT,
                        "%-24s %,d tokens after %,d: %,8.1f tokens/s, %,8.1f in %d sequences at once",
                        recipe.name(),
                        result.tokens(),
                        result.prompt(),
                        result.tokensPerSecond(),
                        result.tokensPerSecondTogether(),
                        GenerationBenchmark.TOGETHER);
                if (python != null) {
                    System.out.printf(
                            Locale.ROOT,
                            "   %s%s: %,8.1f tokens/s   ratio %.2f",
                            result.referenceName(),
                            bf16 ? "" : ", the same tokens",
                            result.referenceTokensPerSecond(),
                            result.tokensPerSecond() / result.referenceTokensPerSecond());
                }
                System.out.println();
            }
        }
    }

    private void measureFineTuning() {
        try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
            FineTuningBenchmark.Result result =
                    FineTuningBenchmark.run(quick || steps > FEW ? 1 : 3, quick ? 2 : steps, lora, work.path(), python);
            System.out.printf(
                    Locale.ROOT,
                    "%,d tokens of conversations in %d steps, %d threads.%n",
                    result.tokens(),
                    result.steps(),
                    torch.get_num_threads());
            print(result.perdure());
            if (result.other() != null) {
                print(result.other());
                System.out.printf(
                        Locale.ROOT,
                        "Ratio %.2f; losses differ by at most %.1e.%n",
                        result.perdure().tokensPerSecond() / result.other().tokensPerSecond(),
                        result.lossDifference());
            }
        }
    }

    private static void print(FineTuningBenchmark.Side side) {
        System.out.printf(
                Locale.ROOT,
                "%s: %,.0f tokens/s, %,.0f MB peak memory%n",
                side.name(),
                side.tokensPerSecond(),
                side.peakBytes() / 1e6);
    }

    private void measureRecovery() {
        try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
            RecoveryBenchmark.Result result = RecoveryBenchmark.run(work.path(), quick ? 1 : 5);
            List<Double> seconds = result.seconds();
            System.out.printf(
                    Locale.ROOT,
                    "From the start to the first resumed step, with %.1f MB of state: %.2f s (median of %d), %.2f s at most.%n",
                    result.bytes() / 1e6,
                    TrainingBenchmark.percentile(seconds, 0.5),
                    seconds.size(),
                    TrainingBenchmark.percentile(seconds, 1));
        }
    }
}
