package perdure.generate;

import java.util.BitSet;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import perdure.generate.Generation.FinishReason;
import perdure.model.KeyValueCache;

/**
 * A sequence that is being continued. Until it has {@link #ended}, {@link TokenGenerator#read} and {@link #choose} take
 * turns: the one computes the logits of the next token, the other chooses it. For one thread at a time.
 */
public final class Sequence implements AutoCloseable {

    private final TokenGenerator generator;
    private final KeyValueCache cache;
    private final int[] stopIds;
    private final SamplingOptions options;
    private final IntFunction<BitSet> allowed;
    private final Predicate<GeneratedToken> receiver;
    private final TokenSampler sampler;

    /** The tokens that the model looks back on. */
    private final int[] window;

    private final int promptTokens;
    private int length;
    private int count;
    /** The ids that may come next; null: all. */
    private BitSet ids;

    /** Of the next token, once they are read. */
    final float[] logits;

    private Generation result;
    private boolean closed;

    Sequence(
            TokenGenerator generator,
            KeyValueCache cache,
            int vocabularySize,
            int[] prompt,
            int[] stopIds,
            SamplingOptions options,
            IntFunction<BitSet> allowed,
            Predicate<GeneratedToken> receiver) {
        this.generator = generator;
        this.cache = cache;
        this.stopIds = stopIds;
        this.options = options;
        this.allowed = allowed;
        this.receiver = receiver;
        sampler = new TokenSampler(options, vocabularySize);
        logits = new float[vocabularySize];
        window = new int[generator.context()];
        length = Math.min(prompt.length, window.length);
        System.arraycopy(prompt, prompt.length - length, window, 0, length);
        for (int i = 0; i < length; i++) {
            sampler.see(window[i]);
        }
        promptTokens = length;
        cache.truncate(0);
        prepare();
    }

    /** Whether no token follows. */
    public boolean ended() {
        return result != null;
    }

    /** The outcome once it has ended. */
    public Generation result() {
        return result;
    }

    KeyValueCache cache() {
        return cache;
    }

    /** The tokens that are not yet in the cache: the prompt at first, then one. */
    long[] unread() {
        return IntStream.range(cache.length(), length).mapToLong(i -> window[i]).toArray();
    }

    /** Chooses the next token from the logits that were read, and hands it out. */
    public void choose() {
        LogProbabilities thought = options.logprobs() < 0 ? null : new LogProbabilities(logits);
        keep(ids);
        int id = sampler.next(logits);
        if (IntStream.of(stopIds).anyMatch(stop -> stop == id)) {
            result = new Generation(promptTokens, count, FinishReason.STOP);
            return;
        }
        if (!receiver.test(thought == null ? GeneratedToken.of(id) : thought.of(id, options.logprobs()))) {
            result = new Generation(promptTokens, count + 1, FinishReason.CANCELLED);
            return;
        }
        sampler.accept(id);
        if (length == window.length) {
            length = window.length / 2;
            System.arraycopy(window, window.length - length, window, 0, length);
            cache.truncate(0);
        }
        window[length++] = id;
        count++;
        prepare();
    }

    /** Ends it if there is nothing to choose. */
    private void prepare() {
        if (count >= options.maximumTokens()) {
            result = new Generation(promptTokens, count, FinishReason.LENGTH);
            return;
        }
        ids = allowed.apply(options.maximumTokens() - count);
        if (ids != null && ids.isEmpty()) {
            result = new Generation(promptTokens, count, FinishReason.STOP);
        }
    }

    private void keep(BitSet kept) {
        for (int id = 0; kept != null && id < logits.length; id++) {
            if (!kept.get(id)) {
                logits[id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** Gives the memory of what it has read back to the generator. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            generator.release(cache);
        }
    }
}
