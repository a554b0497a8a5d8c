package perdure.generate;

import java.util.BitSet;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.generate.Generation.FinishReason;
import perdure.model.KeyValueCache;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;

/**
 * Continues one sequence of token ids with a model and its key-value cache: ids in, ids out, on the calling thread. It
 * does not know text, tokenizers, chat formats, stop strings, checkpoints or threads.
 *
 * <p>A full context does not end a generation. Its last half becomes the new context, which the model reads anew from
 * position zero, and the generation goes on to the requested number of tokens. If a prompt is longer than the context,
 * its last {@code context} tokens are read.
 */
public final class TokenGenerator implements AutoCloseable {
    private final LanguageModel model;
    private final boolean ownsModel;
    private final KeyValueCache cache;
    private final int context;
    private final float[] logits;
    private final BitSet unused = new BitSet(); // rows that stand for no token

    /** Uses the model without closing it; the model must be in evaluation mode while it generates. Owns the cache. */
    public TokenGenerator(LanguageModel model) {
        this(model, false);
    }

    private TokenGenerator(LanguageModel model, boolean ownsModel) {
        this.model = model;
        this.ownsModel = ownsModel;
        this.context = model.config().context();
        this.cache = new KeyValueCache(model.config(), context);
        this.logits = new float[model.config().vocabularySize()];
    }

    /**
     * A generator with its own model, on the CPU.
     *
     * @param reader fills the weights, by their Hugging Face names
     */
    public static TokenGenerator withWeights(ModelConfig config, Consumer<Map<String, Tensor>> reader) {
        LanguageModel model = new LanguageModel(config, 0);
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGradient = new NoGradGuard()) {
            reader.accept(model.namedTensors());
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
        model.train(false);
        return new TokenGenerator(model, true);
    }

    /**
     * Has it generate these ids alone. A model may have rows that stand for no token of its tokenizer.
     *
     * @throws IllegalArgumentException if the model lacks one of them
     */
    public void limitTo(BitSet ids) {
        if (ids.length() > logits.length) {
            throw new IllegalArgumentException("The tokenizer has " + ids.length() + " ids, but the model has "
                    + logits.length + " rows for them.");
        }
        unused.clear();
        unused.set(0, logits.length);
        unused.andNot(ids);
    }

    /** Largest number of tokens that the model can look back on. */
    public int context() {
        return context;
    }

    /**
     * Generates until a stop id is generated, the requested number of tokens is reached, or the receiver ends it.
     *
     * @param stopIds end the generation and are not handed out
     * @param receiver is given each token at once and returns whether to go on
     * @throws IllegalArgumentException if the prompt is empty
     */
    public Generation generate(
            int[] prompt, int[] stopIds, SamplingOptions options, Predicate<GeneratedToken> receiver) {
        return generate(prompt, stopIds, options, remaining -> null, receiver);
    }

    /**
     * The same, where not every id may come next.
     *
     * @param allowed is given how many tokens may still come, and returns the ids that may be the next one: null if all
     *     may, none if the generation has ended as a stop id would end it. It may depend on the tokens that the receiver
     *     was given
     */
    public Generation generate(
            int[] prompt,
            int[] stopIds,
            SamplingOptions options,
            IntFunction<BitSet> allowed,
            Predicate<GeneratedToken> receiver) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("The prompt has no tokens.");
        }
        if (model.is_training()) {
            throw new IllegalStateException("The model is in training mode: dropout would act on what it generates.");
        }
        TokenSampler sampler = new TokenSampler(options, logits.length);
        int[] window = new int[context];
        int length = Math.min(prompt.length, context);
        System.arraycopy(prompt, prompt.length - length, window, 0, length);
        for (int i = 0; i < length; i++) {
            sampler.see(window[i]);
        }
        int promptTokens = length;
        cache.truncate(0);
        for (int count = 0; count < options.maximumTokens(); count++) {
            BitSet ids = allowed.apply(options.maximumTokens() - count);
            if (ids != null && ids.isEmpty()) {
                return new Generation(promptTokens, count, FinishReason.STOP);
            }
            decode(window, length);
            LogProbabilities thought = options.logprobs() < 0 ? null : new LogProbabilities(logits);
            keep(ids);
            int id = sampler.next(logits);
            if (IntStream.of(stopIds).anyMatch(stop -> stop == id)) {
                return new Generation(promptTokens, count, FinishReason.STOP);
            }
            if (!receiver.test(thought == null ? GeneratedToken.of(id) : thought.of(id, options.logprobs()))) {
                return new Generation(promptTokens, count + 1, FinishReason.CANCELLED);
            }
            sampler.accept(id);
            if (length == context) {
                length = context / 2;
                System.arraycopy(window, context - length, window, 0, length);
                cache.truncate(0);
            }
            window[length++] = id;
        }
        return new Generation(promptTokens, options.maximumTokens(), FinishReason.LENGTH);
    }

    private void keep(BitSet ids) {
        for (int id = 0; ids != null && id < logits.length; id++) {
            if (!ids.get(id)) {
                logits[id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** Reads the tokens of the window that are not yet in the cache, and keeps the logits of the last one. */
    private void decode(int[] window, int length) {
        long[] unread = IntStream.range(cache.length(), length)
                .mapToLong(i -> window[i])
                .toArray();
        try (PointerScope scope = new PointerScope()) {
            Tensor ids = torch.tensor(unread) // the whole prompt at first, then one id
                    .view(1, unread.length)
                    .to(model.matrices().get(0).device(), ScalarType.Long);
            Tensor last = model.decode(ids, cache).to(new Device("cpu"), ScalarType.Float); // [1, V]
            last.data_ptr_float().get(logits);
            unused.stream().forEach(row -> logits[row] = Float.NEGATIVE_INFINITY);
        }
    }

    @Override
    public void close() {
        cache.close();
        if (ownsModel) {
            model.close();
        }
    }
}
