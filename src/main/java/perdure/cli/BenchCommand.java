package perdure.cli;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import perdure.device.NativeRuntime;
import perdure.train.Benchmark;
import perdure.train.Benchmark.Recipe;
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

    @Mixin
    NativeFlags nativeFlags;

    @Override
    public Integer call() {
        if (steps < 1) {
            throw new IllegalArgumentException("--steps " + steps + " is not a positive number.");
        }
        NativeRuntime.load(nativeFlags.config());
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
}
