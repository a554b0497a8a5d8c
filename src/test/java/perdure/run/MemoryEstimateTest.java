package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.distributed.Launch;
import perdure.distributed.Workers;
import perdure.model.ModelConfig;

class MemoryEstimateTest {
    private static final RunConfig CONFIG = RunConfig.in(Path.of("run")).leaves(1);

    private static MemoryEstimate of(RunConfig config) {
        return MemoryEstimate.of(config, ModelConfig.DEFAULT, 300_000_000);
    }

    @Test
    void countsSixteenBytesForEachParameterAndTheCopyThatIsSaved() {
        MemoryEstimate memory = of(CONFIG);
        long parameters = ModelConfig.DEFAULT.parameterCount();
        assertEquals(16 * parameters, memory.weights() + memory.training());
        assertEquals(12 * parameters, memory.copy());
        assertEquals(360_000_000, memory.process());
    }

    @Test
    void shardedMomentsAreThoseOfThisRank() {
        RunConfig four = CONFIG.workers(new Workers.Options(
                Launch.of(1, 4, "there:7"), Duration.ofMinutes(1), Duration.ofSeconds(2), 25_000_000));
        RunConfig sharded =
                four.optimization(learning -> learning.adamW(learning.adamW().sharded(true)));
        long moments = 8 * ModelConfig.DEFAULT.parameterCount();
        assertEquals(of(CONFIG).training(), of(four).training());
        assertEquals(of(four).training() - moments * 3 / 4, of(sharded).training());
    }

    @Test
    void bf16HasCopiesOfTheWeights() {
        assertEquals(
                of(CONFIG).weights() + 2 * ModelConfig.DEFAULT.parameterCount(),
                of(CONFIG.precision(Precision.BF16)).weights());
    }

    /**
     * 1,024 tokens: 3 layers of 10 · 128 + 2 · 384 values, 1.6 layers of work space with 384 more, and blocks of 1,539
     * logits.
     */
    @Test
    void countsTheActivationsOfAMicroBatch() {
        double layer = 10 * 128 + 2 * 384;
        double values = 1024 * (4.6 * layer + 1.6 * 384 + 3 * 128 + 1.6 * 1539);
        assertEquals(4 * values, of(CONFIG).activations(), 10);
        assertEquals(
                2.0,
                (double) of(CONFIG.optimization(learning -> learning.batchSize(16)))
                                .activations()
                        / of(CONFIG).activations(),
                0.01);
    }

    @Test
    void accumulationNeedsAGradientForEachDoublingAndRecomputingLess() {
        long gradient = of(CONFIG).training() / 3;
        assertEquals(
                of(CONFIG).training() + 3 * gradient,
                of(CONFIG.optimization(learning -> learning.gradientAccumulation(8)))
                        .training());
        assertTrue(of(CONFIG.recompute(true)).activations() < of(CONFIG).activations());
    }

    /** The embeddings, which are the output projection too, have a gradient of their own in each thread. */
    @Test
    void eachThreadHasTheGradientOfTheEmbeddings() {
        NativeRuntime.load();
        int more = Math.min(2, torch.get_num_threads()) - 1;
        assertEquals(
                of(CONFIG).training() + more * 4L * 1539 * 128,
                of(CONFIG.leaves(2)).training());
    }

    @Test
    void aThreadHoldsTheActivationsOfOneLeafAtATime() {
        NativeRuntime.load();
        int threads = Math.min(8, torch.get_num_threads());
        assertEquals(
                of(CONFIG.leaves(1)).activations() * threads / 8.0,
                of(CONFIG.leaves(8)).activations(),
                10);
    }

    @Test
    void manyLogitsAreComputedInBlocks() {
        RunConfig large = CONFIG.optimization(learning -> learning.batchSize(64));
        MemoryEstimate memory = MemoryEstimate.of(large, ModelConfig.DEFAULT.withVocabularySize(128_000), 0);
        assertTrue(memory.activations() < 2_000_000_000, memory.describe());
    }
}
