package perdure.data;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import perdure.generate.SamplingOptions;
import perdure.generate.TokenSampler;
import perdure.status.StatusJson;
import perdure.status.TrainingStatus;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

/**
 * Measures in microseconds what runs in Java for every batch, token or request. It is not a test; run it with
 * {@code mvn -q test-compile exec:java -Dexec.classpathScope=test -Dexec.mainClass=perdure.data.HelpersBenchmark}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(0)
public class HelpersBenchmark {

    private static final int VOCABULARY = 50_257;

    private BatchLoader loader;
    private long index;
    private Tokenizer tokenizer;
    private String text;
    private TokenSampler sampler;
    private float[] logits;
    private float[] scratch;
    private TrainingStatus status;

    @Setup
    public void prepare() {
        SplittableRandom random = new SplittableRandom(1);
        TokenFile file = WrittenTokens.of(
                WrittenTokens.folder(),
                VOCABULARY,
                random.ints(1_000_000, 0, VOCABULARY).toArray());
        loader = BatchLoader.shuffled(file.all(), Sequences.PLAIN, 256, 4, 1);
        text = IntStream.range(0, 200)
                .mapToObj(i -> "The " + i + "th sentence says little, but " + random.nextInt(1000) + " times.")
                .collect(Collectors.joining("\n"));
        tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(text), 500));
        sampler = new TokenSampler(
                new SamplingOptions(0.8, 0.95, 50, new SamplingOptions.Penalties(1.1, 0, 0), 1, 1, -1), VOCABULARY);
        logits = new float[VOCABULARY];
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = (float) (random.nextDouble() * 10);
        }
        scratch = new float[VOCABULARY];
        status = TrainingStatus.starting(1, 10);
    }

    @TearDown
    public void close() {
        loader.close();
        tokenizer.close();
    }

    /** A batch of 4 rows of 256 tokens, loaded while no other batch is used. */
    @Benchmark
    public Batch batch() {
        index = (index + 2) % loader.batches(); // not the one that was loaded beforehand
        return loader.batch(0, index);
    }

    /** About 8 KB of text. */
    @Benchmark
    public int[] encode() {
        return tokenizer.encode(text);
    }

    /** Samples one of 50,257 tokens. */
    @Benchmark
    public int sample() {
        System.arraycopy(logits, 0, scratch, 0, VOCABULARY);
        return sampler.next(scratch);
    }

    @Benchmark
    public byte[] status() {
        return StatusJson.brief(status);
    }

    public static void main(String[] arguments) throws Exception {
        new Runner(new OptionsBuilder()
                        .include(HelpersBenchmark.class.getSimpleName())
                        .build())
                .run();
    }
}
