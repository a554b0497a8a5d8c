package perdure.generate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.model.KeyValueCache;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;

/**
 * Continues sequences of token ids with a model, one or several at once: ids in, ids out, on the calling thread. It does
 * not know text, tokenizers, chat formats, stop strings or checkpoints.
 *
 * <p>A full context does not end a generation. Its last half becomes the new context, which the model reads anew from
 * position zero, and the generation goes on to the requested number of tokens. If a prompt is longer than the context,
 * its last {@code context} tokens are read.
 */
public final class TokenGenerator implements AutoCloseable {

    /** The fewest parameters with which a second thread inside an operation is worth its waits. */
    private static final long FEWEST_FOR_THREADS = 1 << 24;

    private final LanguageModel model;
    private final boolean ownsModel;
    /** One is kept between two sequences, so that its memory need not be found anew. */
    private final Deque<KeyValueCache> free = new ArrayDeque<>();

    private final int context;
    private final int vocabularySize;
    private final BitSet unused = new BitSet(); // rows that stand for no token

    /** Uses the model without closing it; the model must be in evaluation mode while it generates. */
    public TokenGenerator(LanguageModel model) {
        this(model, false);
    }

    private TokenGenerator(LanguageModel model, boolean ownsModel) {
        this.model = model;
        this.ownsModel = ownsModel;
        this.context = model.config().context();
        this.vocabularySize = model.config().vocabularySize();
    }

    /**
     * A generator with its own model.
     *
     * @param bf16 whether large products are in bf16, which takes 2 more bytes per weight
     * @param reader fills the weights, by their Hugging Face names
     */
    public static TokenGenerator withWeights(
            ModelConfig config, Device device, boolean bf16, Consumer<Map<String, Tensor>> reader) {
        LanguageModel model = LanguageModel.toGenerate(config, device);
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGradient = new NoGradGuard()) {
            reader.accept(model.namedTensors());
            model.multiplyInBf16(bf16);
            model.packCopies();
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
        return new TokenGenerator(model, true);
    }

    /** Most bytes of memory that a model takes, in any precision, with so many sequences of usual length. */
    public static long bytes(ModelConfig config, int sequences) {
        long weights = (Float.BYTES + Short.BYTES) * config.parameterCount();
        return weights + KeyValueCache.firstBytes(config) * sequences;
    }

    /**
     * How many threads inside an operation the model is worth, of so many that there are. With 12 million parameters two
     * threads are 2 % faster than one on an idle machine. With one million, beside two busy processes, they take 2.7 times
     * as long.
     */
    public int threads(int most) {
        return model.config().parameterCount() < FEWEST_FOR_THREADS ? 1 : most;
    }

    /**
     * Has it generate these ids alone. A model may have rows that stand for no token of its tokenizer.
     *
     * @throws IllegalArgumentException if the model lacks one of them
     */
    public void limitTo(BitSet ids) {
        if (ids.length() > vocabularySize) {
            throw new IllegalArgumentException("The tokenizer has " + ids.length() + " ids, but the model has "
                    + vocabularySize + " rows for them.");
        }
        unused.clear();
        unused.set(0, vocabularySize);
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
        try (Sequence sequence = begin(prompt, stopIds, options, allowed, receiver)) {
            while (!sequence.ended()) {
                read(List.of(sequence));
                sequence.choose();
            }
            return sequence.result();
        }
    }

    /** Begins what {@link #generate} does, to be continued by turns. Close it. */
    public Sequence begin(
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
        KeyValueCache cache = free.isEmpty() ? new KeyValueCache(model.config(), context) : free.pop();
        try {
            return new Sequence(this, cache, vocabularySize, prompt, stopIds, options, allowed, receiver);
        } catch (RuntimeException | Error e) {
            release(cache);
            throw e;
        }
    }

    /**
     * Computes the logits of the next token of each. Those that have one new token are computed together, which takes
     * little longer than one of them: the weights are read once.
     *
     * @param sequences of this generator, none of which has ended
     */
    public void read(List<Sequence> sequences) {
        List<Sequence> together = new ArrayList<>();
        long[] next = new long[sequences.size()];
        for (Sequence sequence : sequences) {
            long[] unread = sequence.unread();
            if (unread.length == 1) {
                next[together.size()] = unread[0];
                together.add(sequence);
            } else {
                read(List.of(sequence), unread); // the whole prompt
            }
        }
        if (!together.isEmpty()) {
            read(together, Arrays.copyOf(next, together.size()));
        }
    }

    private void read(List<Sequence> sequences, long[] unread) {
        try (PointerScope scope = new PointerScope()) {
            Tensor ids = torch.tensor(unread)
                    .view(sequences.size(), -1) // (B, T)
                    .to(model.matrices().get(0).device(), ScalarType.Long);
            List<KeyValueCache> caches = sequences.stream().map(Sequence::cache).toList();
            Tensor last = model.decode(ids, caches).to(new Device("cpu"), ScalarType.Float); // (B, V)
            for (int i = 0; i < sequences.size(); i++) {
                float[] logits = sequences.get(i).logits;
                last.select(0, i).data_ptr_float().get(logits);
                unused.stream().forEach(row -> logits[row] = Float.NEGATIVE_INFINITY);
            }
        }
    }

    /** Takes back what a sequence had. */
    void release(KeyValueCache cache) {
        if (free.isEmpty()) {
            free.push(cache);
        } else {
            cache.close();
        }
    }

    @Override
    public void close() {
        free.forEach(KeyValueCache::close);
        free.clear();
        if (ownsModel) {
            model.close();
        }
    }
}
