package perdure.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.global.torch;
import perdure.device.NativeRuntime;
import perdure.train.Benchmark;
import perdure.train.Benchmark.Recipe;
import perdure.train.SaveBenchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench}: how fast this machine trains. */
@Command(
        name = "bench",
        description = "Measures training speed on this machine, on random tokens.",
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    @Option(names = "--quick", description = "The smallest recipe and few steps: shows that it runs.")
    boolean quick;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "30",
            description = "Steps a recipe (default: ${DEFAULT-VALUE}).")
    int steps;

    @Option(
            names = "--saves",
            description =
                    "Measures instead what saving costs: a save every 50 steps against none, 10 million parameters.")
    boolean saves;

    @Option(
            names = "--recovery",
            description = "Measures instead the time from start to the first resumed step, with 100 MB of state.")
    boolean recovery;

    @Option(
            names = "--generation",
            description = "Measures instead how fast one sequence is continued, with the likeliest tokens.")
    boolean generation;

    @Option(
            names = "--against-python",
            paramLabel = "PYTHON",
            description = "With --generation: a Python that has torch and transformers, to take turns with on the same"
                    + " weights and threads.")
    Path python;

    @Mixin
    NativeFlags nativeFlags;

    @Override
    public Integer call() {
        if (steps < 1) {
            throw new IllegalArgumentException("--steps " + steps + " is not a positive number.");
        }
        if (python != null && !generation) {
            throw new IllegalArgumentException("--against-python goes with --generation.");
        }
        if (recovery) {
            measureRecovery();
            return 0;
        }
        NativeRuntime.load(nativeFlags.config());
        if (saves) {
            measureSaves();
            return 0;
        }
        if (generation) {
            measureGeneration();
            return 0;
        }
        List<Recipe> recipes = quick ? Recipe.all().subList(0, 1) : Recipe.all();
        System.out.println("Medians. ms a step: forward + backward + optimizer = step; share of matrix peak.");
        for (Recipe recipe : recipes) {
            Benchmark.Result result = Benchmark.run(recipe, quick ? 5 : steps);
            System.out.printf(
                    Locale.ROOT,
                    "%-24s %,10.0f tokens/s   %8.1f + %8.1f + %7.1f = %8.1f ms   %3.0f %%%n",
                    recipe.name(),
                    result.tokensPerSecond(),
                    result.forward(),
                    result.backward(),
                    result.optimizer(),
                    result.step(),
                    100 * result.peakShare());
        }
        return 0;
    }

    private void measureSaves() {
        Recipe recipe = quick ? Recipe.all().get(0) : SaveBenchmark.RECIPE;
        int stepsASave = quick ? 5 : 50;
        try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
            SaveBenchmark.Result result = SaveBenchmark.run(recipe, work.path(), quick ? 2 : 6, stepsASave);
            System.out.printf(
                    Locale.ROOT,
                    "%s, %d saves: the loop stands still for %.1f ms (p50), %.1f ms (p99).%n"
                            + "With a save every %d steps that is %.2f %% of run time, and %.2f %% with one every 60 s;"
                            + " the same steps take %.1f %% longer in all.%n",
                    recipe.name(),
                    result.stalls().size(),
                    result.stall(0.5),
                    result.stall(0.99),
                    stepsASave,
                    100 * result.stallShare(),
                    100 * result.stall(0.5) / 60_000,
                    100 * result.slowdown());
        }
    }

    private void measureGeneration() {
        int turns = quick ? 3 : 15;
        System.out.printf("Medians of %d, batch 1, %d threads.%n", turns, torch.get_num_threads());
        for (Recipe recipe : quick ? Recipe.all().subList(0, 1) : Recipe.all()) {
            try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
                GenerationTrial.Result result = GenerationTrial.run(recipe.config(), work.path(), turns, python);
                System.out.printf(
                        Locale.ROOT,
                        "%-24s %,d tokens after %,d: %,8.1f tokens/s",
                        recipe.name(),
                        result.tokens(),
                        result.prompt(),
                        result.tokensPerSecond());
                if (python != null) {
                    System.out.printf(
                            Locale.ROOT,
                            "   %s, the same tokens: %,8.1f tokens/s   ratio %.2f",
                            result.referenceName(),
                            result.referenceTokensPerSecond(),
                            result.tokensPerSecond() / result.referenceTokensPerSecond());
                }
                System.out.println();
            }
        }
    }

    private void measureRecovery() {
        try (WorkFolder work = WorkFolder.create("perdure-bench-", false)) {
            RecoveryTrial.Result result = RecoveryTrial.run(work.path(), quick ? 1 : 5);
            List<Double> seconds = result.seconds();
            System.out.printf(
                    Locale.ROOT,
                    "From start to the first resumed step, %.1f MB of state: %.2f s (median of %d), %.2f s at worst.%n",
                    result.bytes() / 1e6,
                    Benchmark.percentile(seconds, 0.5),
                    seconds.size(),
                    Benchmark.percentile(seconds, 1));
        }
    }
}
