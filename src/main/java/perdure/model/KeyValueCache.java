package perdure.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The keys and values of the tokens that {@link LanguageModel#decode} has seen, so that each new token computes one
 * position only. Memory is allocated as tokens come, on the device and in the precision of the model, since few use the
 * whole of a long context. For one thread at a time.
 *
 * <p>Shapes: {@code B} batch, {@code T} time, {@code S} time including the cached tokens, {@code K} key and value
 * heads, {@code D} head size.
 */
public final class KeyValueCache implements AutoCloseable {

    private final ModelConfig config;
    /** The first allocation has room for so many tokens, and each further one for twice as many as before. */
    static final int FIRST_ROOM = 2048;

    private final int capacity;
    private final List<Tensor> keys = new ArrayList<>(); // one per layer: (B, K, at most capacity, D)
    private final List<Tensor> values = new ArrayList<>();
    private int length;

    /**
     * An empty cache.
     *
     * @param capacity largest number of tokens that it holds; at most the context of the model
     */
    public KeyValueCache(ModelConfig config, int capacity) {
        if (capacity < 1 || capacity > config.context()) {
            throw new IllegalArgumentException(
                    "A cache of " + capacity + " tokens does not fit a context of " + config.context() + ".");
        }
        this.config = config;
        this.capacity = capacity;
    }

    /** Bytes of the first memory that a cache takes, at most. */
    public static long firstBytes(ModelConfig config) {
        long tokens = Math.min(FIRST_ROOM, config.context());
        return 2 * Float.BYTES * tokens * config.layers() * config.keyValueHeads() * config.headSize();
    }

    /** Number of tokens in the cache. */
    public int length() {
        return length;
    }

    /** Forgets all tokens after the first {@code length}. */
    public void truncate(int length) {
        if (length < 0 || length > this.length) {
            throw new IllegalArgumentException("Cannot cut a cache of " + this.length + " tokens to " + length + ".");
        }
        this.length = length;
    }

    /** @throws IllegalStateException if {@code time} more tokens do not fit */
    void require(long time) {
        if (length + time > capacity) {
            throw new IllegalStateException(
                    "The cache holds " + length + " of " + capacity + " tokens; " + time + " more do not fit.");
        }
    }

    /** Appends keys [B, K, T, D] to those of the layer and returns all of them, [B, K, S, D]. */
    Tensor appendKeys(int layer, Tensor added) {
        return append(keys, layer, added);
    }

    /** Appends values [B, K, T, D] to those of the layer and returns all of them, [B, K, S, D]. */
    Tensor appendValues(int layer, Tensor added) {
        return append(values, layer, added);
    }

    private Tensor append(List<Tensor> stores, int layer, Tensor added) {
        long time = added.size(2);
        if (stores.size() == layer) {
            stores.add(allocate(Math.min(capacity, Math.max(FIRST_ROOM, length + time)), added));
        }
        Tensor store = stores.get(layer);
        if (length + time > store.size(2)) {
            Tensor larger = allocate(Math.min(capacity, Math.max(2 * store.size(2), length + time)), added);
            larger.narrow(2, 0, length).copy_(store.narrow(2, 0, length));
            store.close();
            stores.set(layer, larger);
            store = larger;
        }
        store.narrow(2, length, time).copy_(added);
        return store.narrow(2, 0, length + time);
    }

    private Tensor allocate(long tokens, Tensor like) {
        try (PointerScope scope = new PointerScope()) {
            long[] shape = {like.size(0), config.keyValueHeads(), tokens, config.headSize()};
            return torch.zeros(shape, like.options()).retainReference();
        }
    }

    /** Counts the {@code time} tokens that every layer has appended. */
    void advance(long time) {
        length += (int) time;
    }

    /**
     * The attention mask: which of the S cached positions each of the T newest may see. Bool [T, S], on the device of
     * {@code like}.
     */
    static Tensor mask(long time, long past, Tensor like) {
        TensorOptions options = new TensorOptions(like.device());
        return torch.ones(new long[] {time, past + time}, options).tril(past).to(ScalarType.Bool);
    }

    @Override
    public void close() {
        keys.forEach(Tensor::close);
        values.forEach(Tensor::close);
        keys.clear();
        values.clear();
        length = 0;
    }
}
