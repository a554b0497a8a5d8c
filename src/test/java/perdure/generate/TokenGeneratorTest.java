package perdure.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;
import perdure.generate.Generation.FinishReason;
import perdure.model.KeyValueCache;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;

@ExtendWith(LoadedNatives.class)
class TokenGeneratorTest {
    private static final int CONTEXT = 16;
    private static final ModelConfig CONFIG = TestConfigs.GROUPED_QUERY.withContext(CONTEXT);
    private static final int[] PROMPT = {3, 1, 4, 1, 5};
    private static final int[] NO_STOPS = {};
    private static final SamplingOptions SAMPLED =
            new SamplingOptions(0.8, 0.95, 20, new SamplingOptions.Penalties(1.1, 0.3, 0.2), 42, 40, -1);

    private LanguageModel model;
    private TokenGenerator generator;

    @BeforeEach
    void build() {
        model = new LanguageModel(CONFIG, 1);
        model.train(false);
        generator = new TokenGenerator(model);
    }

    @AfterEach
    void close() {
        generator.close();
        model.close();
    }

    @Test
    void cachedAndUncachedLogitsAgree() {
        int[] ids = IntStream.range(0, CONTEXT).map(i -> i * 7 % 50).toArray();
        try (KeyValueCache cache = new KeyValueCache(CONFIG, CONTEXT)) {
            for (int length = PROMPT.length; length <= CONTEXT; length++) {
                int[] unread = Arrays.copyOfRange(ids, cache.length(), length);
                float[] cached = values(() -> model.decode(tensor(unread), cache));
                assertArrayEquals(uncachedLogits(Arrays.copyOf(ids, length)), cached, 1e-4f, "after " + length);
            }
        }
    }

    @Test
    void generatesTheIdsThatTheUncachedModelDoesAlsoBeyondTheContext() {
        for (SamplingOptions options : new SamplingOptions[] {SamplingOptions.greedy(40), SAMPLED}) {
            assertArrayEquals(uncached(PROMPT, options), generated(PROMPT, options));
        }
    }

    @Test
    void readsTheEndOfAPromptThatIsLongerThanTheContext() {
        int[] prompt = IntStream.range(0, 2 * CONTEXT).toArray();
        int[] end = Arrays.copyOfRange(prompt, CONTEXT, 2 * CONTEXT);
        assertArrayEquals(generated(end, SAMPLED), generated(prompt, SAMPLED));
        assertEquals(
                new Generation(CONTEXT, 40, FinishReason.LENGTH),
                generator.generate(prompt, NO_STOPS, SAMPLED, token -> true));
    }

    @Test
    void endsBeforeAStopId() {
        int[] ids = generated(PROMPT, SAMPLED);
        int stop = ids[7];
        int first = IntStream.range(0, ids.length)
                .filter(i -> ids[i] == stop)
                .findFirst()
                .orElseThrow();
        IntStream.Builder received = IntStream.builder();
        Generation generation = generator.generate(PROMPT, new int[] {stop}, SAMPLED, token -> {
            received.add(token.id());
            return true;
        });
        assertEquals(new Generation(PROMPT.length, first, FinishReason.STOP), generation);
        assertArrayEquals(Arrays.copyOf(ids, first), received.build().toArray());
    }

    @Test
    void endsWhenTheReceiverWantsNoMore() {
        int[] left = {3};
        Generation generation = generator.generate(PROMPT, NO_STOPS, SAMPLED, token -> --left[0] > 0);
        assertEquals(new Generation(PROMPT.length, 3, FinishReason.CANCELLED), generation);
    }

    /** The definition, with logits of the model that no penalty has changed. */
    @Test
    void tellsTheLogProbabilitiesBeforePenaltiesAndTemperature() {
        SamplingOptions told = new SamplingOptions(0.8, 0.95, 20, new SamplingOptions.Penalties(1.5, 2, 2), 42, 8, 3);
        int[] window = PROMPT;
        List<GeneratedToken> tokens = new ArrayList<>();
        generator.generate(PROMPT, NO_STOPS, told, tokens::add);
        assertEquals(8, tokens.size());
        for (GeneratedToken token : tokens) {
            float[] logits = uncachedLogits(window);
            double sum = IntStream.range(0, logits.length)
                    .mapToDouble(i -> Math.exp(logits[i]))
                    .sum();
            assertEquals(Math.log(Math.exp(logits[token.id()]) / sum), token.logprob(), 1e-4);
            int[] likeliest = IntStream.range(0, logits.length)
                    .boxed()
                    .sorted((one, other) -> Float.compare(logits[other], logits[one]))
                    .limit(3)
                    .mapToInt(Integer::intValue)
                    .toArray();
            assertArrayEquals(
                    likeliest,
                    token.likeliest().stream().mapToInt(GeneratedToken::id).toArray());
            token.likeliest()
                    .forEach(
                            other -> assertEquals(Math.log(Math.exp(logits[other.id()]) / sum), other.logprob(), 1e-4));
            window = Arrays.copyOf(window, window.length + 1);
            window[window.length - 1] = token.id();
        }
    }

    @Test
    void leavesNothingBehind() {
        generated(PROMPT, SAMPLED);
        long before = LivePointers.settled();
        generated(PROMPT, SAMPLED);
        LivePointers.assertNoMoreThan(before, "after a generation");
    }

    @Test
    void refusesAnEmptyPromptAndAModelInTraining() {
        assertThrows(IllegalArgumentException.class, () -> generated(new int[0], SAMPLED));
        model.train(true);
        assertThrows(IllegalStateException.class, () -> generated(PROMPT, SAMPLED));
    }

    private int[] generated(int[] prompt, SamplingOptions options) {
        IntStream.Builder ids = IntStream.builder();
        generator.generate(prompt, NO_STOPS, options, token -> {
            ids.add(token.id());
            return true;
        });
        return ids.build().toArray();
    }

    /** The definition: the whole window through the model for every token; a full window becomes its last half. */
    private int[] uncached(int[] prompt, SamplingOptions options) {
        TokenSampler sampler = new TokenSampler(options, CONFIG.vocabularySize());
        IntStream.of(prompt).forEach(sampler::see);
        int[] ids = new int[options.maximumTokens()];
        int[] window = prompt;
        for (int i = 0; i < ids.length; i++) {
            ids[i] = sampler.next(uncachedLogits(window));
            sampler.accept(ids[i]);
            int from = window.length == CONTEXT ? CONTEXT / 2 : 0;
            int kept = window.length - from;
            window = Arrays.copyOfRange(window, from, window.length + 1);
            window[kept] = ids[i];
        }
        return ids;
    }

    private float[] uncachedLogits(int[] ids) {
        return values(() -> model.logits(tensor(ids)).select(1, ids.length - 1));
    }

    private static Tensor tensor(int[] ids) {
        return torch.tensor(IntStream.of(ids).asLongStream().toArray()).view(1, ids.length);
    }

    private static float[] values(Supplier<Tensor> logits) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGradient = new NoGradGuard()) {
            float[] values = new float[CONFIG.vocabularySize()];
            logits.get().contiguous().data_ptr_float().get(values);
            return values;
        }
    }
}
