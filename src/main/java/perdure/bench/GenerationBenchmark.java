package perdure.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch;
import perdure.device.IntraOpThreads;
import perdure.generate.SamplingOptions;
import perdure.generate.Sequence;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import tools.jackson.databind.JsonNode;

/**
 * Measures how fast the model continues one sequence by greedy decoding. It takes turns with another program on the
 * same weights and threads, which must generate the same tokens.
 */
public final class GenerationBenchmark {

    /** Sequences that are continued at once. */
    public static final int TOGETHER = 4;

    /**
     * The measurements. Prompt and generated tokens together fill the context.
     *
     * @param prompt tokens of the prompt
     * @param tokens generated tokens per turn
     * @param seconds of each turn, prefill included
     * @param together seconds of each turn of {@value #TOGETHER} sequences at once
     * @param referenceName name of the other program, or null
     * @param reference seconds of each turn of the other program; empty if there was none
     */
    public record Result(
            int prompt,
            int tokens,
            List<Double> seconds,
            List<Double> together,
            String referenceName,
            List<Double> reference) {

        public double tokensPerSecond() {
            return tokens / TrainingBenchmark.percentile(seconds, 0.5);
        }

        /** Of all sequences at once. */
        public double tokensPerSecondTogether() {
            return TOGETHER * tokens / TrainingBenchmark.percentile(together, 0.5);
        }

        public double referenceTokensPerSecond() {
            return tokens / TrainingBenchmark.percentile(reference, 0.5);
        }
    }

    private GenerationBenchmark() {}

    /**
     * Runs the benchmark. A first turn, before the {@code turns}, is not measured.
     *
     * @param shape of the model; its weights are random, and its embeddings are not tied, since a random model with
     *     tied embeddings would repeat its last token for ever
     * @param bf16 whether both sides multiply in bf16; they round in different places, and so choose different tokens
     * @param work an empty folder
     * @param python the Python to compare with; null for none
     * @throws IllegalStateException if the other program generates other tokens in float32, because the comparison
     *     would mean nothing
     * @throws BadInputException if that Python does not run the script
     */
    public static Result run(ModelConfig shape, boolean bf16, Path work, int turns, Path python) {
        ModelConfig config = shape.withTiedEmbeddings(false);
        int[] prompt = new SplittableRandom(1)
                .ints(Math.max(1, config.context() / 4), 0, config.vocabularySize())
                .toArray();
        int tokens = config.context() - prompt.length;
        List<Double> seconds = new ArrayList<>();
        List<Double> together = new ArrayList<>();
        List<Double> reference = new ArrayList<>();
        int threads = torch.get_num_threads();
        try (LanguageModel model = new LanguageModel(config, 1);
                TokenGenerator generator = new TokenGenerator(model);
                ReferenceScript script =
                        python == null ? null : reference(python, ReferenceScript.save(model, work), threads, bf16)) {
            IntraOpThreads.limitThisThread(generator.threads(threads));
            model.train(false);
            model.multiplyInBf16(bf16);
            model.packCopies();
            for (int turn = 0; turn <= turns; turn++) {
                long start = System.nanoTime();
                int[] ids = generate(generator, prompt, tokens);
                double took = (System.nanoTime() - start) / 1e9;
                start = System.nanoTime();
                generateTogether(generator, prompt, tokens);
                double tookTogether = (System.nanoTime() - start) / 1e9;
                JsonNode answer = script == null ? null : script.ask(Map.of("prompt", prompt, "tokens", tokens));
                if (!bf16) {
                    requireSame(ids, answer);
                }
                if (turn > 0) {
                    seconds.add(took);
                    together.add(tookTogether);
                    if (answer != null) {
                        reference.add(answer.path("seconds").asDouble());
                    }
                }
            }
            return new Result(
                    prompt.length, tokens, seconds, together, script == null ? null : script.name(), reference);
        } finally {
            IntraOpThreads.limitThisThread(threads);
        }
    }

    private static ReferenceScript reference(Path python, Path folder, int threads, boolean bf16) {
        return new ReferenceScript(
                python, "generate.py", folder.toString(), Integer.toString(threads), bf16 ? "bfloat16" : "float32");
    }

    private static int[] generate(TokenGenerator generator, int[] prompt, int tokens) {
        IntStream.Builder ids = IntStream.builder();
        generator.generate(prompt, new int[0], SamplingOptions.greedy(tokens), token -> {
            ids.add(token.id());
            return true;
        });
        return ids.build().toArray();
    }

    private static void generateTogether(TokenGenerator generator, int[] prompt, int tokens) {
        List<Sequence> sequences = Stream.generate(() -> generator.begin(
                        prompt, new int[0], SamplingOptions.greedy(tokens), remaining -> null, token -> true))
                .limit(TOGETHER)
                .toList();
        while (!sequences.get(0).ended()) { // All have as many tokens.
            generator.read(sequences);
            sequences.forEach(Sequence::choose);
        }
        sequences.forEach(Sequence::close);
    }

    private static void requireSame(int[] ids, JsonNode answer) {
        if (answer == null) {
            return;
        }
        int[] others =
                answer.path("ids").valueStream().mapToInt(JsonNode::asInt).toArray();
        int difference = Arrays.mismatch(ids, others);
        if (difference >= 0) {
            throw new IllegalStateException("Token " + (difference + 1) + " of " + ids.length
                    + " differs from the reference's, so the speeds cannot be compared.");
        }
    }
}
