package perdure.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.device.DeviceMigrator;
import perdure.device.Processor;

/**
 * A decoder-only language model of the Llama architecture, as defined by transformers' {@code LlamaForCausalLM}:
 * RMSNorm, rotary positions, grouped-query attention, SwiGLU. The configuration adds what the other {@link ModelFamily
 * families} have. Token ids in, logits out; it does not know text, optimizers or files.
 *
 * <p>Every method makes temporary tensors in the {@link org.bytedeco.javacpp.PointerScope} of the caller; the weights
 * live until {@link #close()}. Shapes: {@code B} batch, {@code T} time, {@code C} hidden size, {@code V} vocabulary.
 */
public final class LanguageModel extends Module {

    /** Largest number of logits that the loss computes at a time on the CPU. */
    public static final long MAXIMUM_LOGITS = CrossEntropy.MAXIMUM_LOGITS;

    private static final ScalarTypeOptional FLOAT = new ScalarTypeOptional(ScalarType.Float).retainReference();

    private final ModelConfig config;
    private final LoraConfig lora; // or null
    private final Parameters parameters;
    private final RotaryEmbedding rotary;
    private final Tensor embedding; // (V, C)
    private final List<DecoderLayer> layers = new ArrayList<>();
    private final RmsNorm norm;
    private final Linear head; // C -> V; its weight is the embedding itself if tied
    private Dropout dropout = new Dropout(0);
    private boolean recompute;
    private boolean bf16;

    /** A float32 model on the CPU whose initial weights follow from the configuration and the seed alone. */
    public LanguageModel(ModelConfig config, long seed) {
        this(config, null, seed);
    }

    /**
     * A model on the CPU with adapters, which alone are trained. Their initial values follow from the seed; they change
     * nothing yet. All other weights are yet to be set.
     *
     * @param lora null: there are no adapters, and all weights are trained
     */
    public LanguageModel(ModelConfig config, LoraConfig lora, long seed) {
        this(config, lora, OptionalLong.of(seed));
    }

    /** As the others, but what is trained has any values until all of it is set: to draw them takes time. */
    public static LanguageModel unset(ModelConfig config, LoraConfig lora) {
        return new LanguageModel(config, lora, OptionalLong.empty());
    }

    /** A model in evaluation mode on a device, whose weights are yet to be set. */
    public static LanguageModel toGenerate(ModelConfig config, Device device) {
        LanguageModel model = unset(config, null);
        model.train(false);
        DeviceMigrator.ensure(model, device);
        return model;
    }

    private LanguageModel(ModelConfig config, LoraConfig lora, OptionalLong seed) {
        super("LanguageModel");
        retainReference();
        this.config = config;
        this.lora = lora;
        parameters = new Parameters(this, config, lora, seed);
        rotary = new RotaryEmbedding(config);
        embedding = parameters.embedding(
                config.hiddenSize(), new Parameters.Rows("model.embed_tokens", config.vocabularySize()));
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(new DecoderLayer(config, parameters, layer, rotary));
        }
        norm = new RmsNorm(config, parameters, "model.norm");
        head = config.tiedEmbeddings()
                ? parameters.tied(embedding)
                : parameters.linear(
                        config.hiddenSize(), false, new Parameters.Rows("lm_head", config.vocabularySize()));
    }

    public ModelConfig config() {
        return config;
    }

    /** The adapters that are trained in place of the weights; null if there are none. */
    public LoraConfig lora() {
        return lora;
    }

    /** The logits [B, T, V] of the token that follows each of ids [B, T] (int64), T at most the context. */
    public Tensor logits(Tensor ids) {
        return NestedScope.evaluate(() -> head.forward(hiddenStates(embed(ids), null, null, null), null));
    }

    /** The embeddings [B, T, C] of ids [B, T]. */
    private Tensor embed(Tensor ids) {
        return torch.embedding(embedding, ids).to(ScalarType.Float);
    }

    /** Maps embeddings [B, T, C] to the normalised [B, T, C]; the tape, if not null, records the backward pass. */
    private Tensor hiddenStates(Tensor embedded, List<KeyValueCache> caches, DocumentGroups documents, Tape tape) {
        Dropout active = activeDropout();
        Tensor x = active.forward(embedded, tape); // (B, T, C)
        for (DecoderLayer layer : layers) {
            x = layer.forward(x, caches, documents, active, tape); // (B, T, C)
        }
        return norm.forward(x, head.weight().type(), tape);
    }

    private Dropout activeDropout() {
        return is_training() ? dropout : new Dropout(0);
    }

    /** As {@link #hiddenStates}, with a backward pass on the tape, which keeps what is to be kept. */
    private Tensor recordedHiddenStates(Tensor embedded, DocumentGroups documents, Tape tape) {
        if (!recompute) {
            return hiddenStates(embedded, null, documents, tape);
        }
        Dropout active = activeDropout();
        Tensor x = active.forward(embedded, tape); // (B, T, C)
        for (DecoderLayer layer : layers) {
            x = tape.recordRecomputed(x, (input, again) -> layer.forward(input, null, documents, active, again));
        }
        return norm.forward(x, head.weight().type(), tape);
    }

    /**
     * The logits [1, V] of the token that follows ids [1, T] (int64), which continue what the cache holds and are added
     * to it. Needs no gradients and records none.
     *
     * @throws IllegalStateException if the tokens do not fit into the cache
     */
    public Tensor decode(Tensor ids, KeyValueCache cache) {
        return decode(ids, List.of(cache));
    }

    /**
     * As {@link #decode(Tensor, KeyValueCache)}, of several sequences at once: the logits [B, V] that follow ids [B, T],
     * where each of the B continues what its own cache holds. These may have different lengths. A sum may round otherwise
     * than for a sequence alone.
     */
    public Tensor decode(Tensor ids, List<KeyValueCache> caches) {
        long time = ids.size(1);
        caches.forEach(cache -> cache.require(time));
        try (NoGradGuard guard = new NoGradGuard()) {
            Tensor logits = NestedScope.evaluate(() -> {
                Tensor last = hiddenStates(embed(ids), caches, null, null).select(1, time - 1); // (B, T, C) -> (B, C)
                return head.forward(last, null); // (B, V)
            });
            caches.forEach(cache -> cache.advance(time));
            return logits;
        }
    }

    /**
     * The sum of the token losses (nats) of targets [B, T] (int64) given ids [B, T] (int64). Targets of -100 do not
     * count. Records no gradients.
     */
    public double lossSum(Tensor ids, Tensor targets) {
        return lossSum(ids, targets, null);
    }

    /**
     * As {@link #lossSum(Tensor, Tensor)}, of rows that documents share: it is the sum of the losses of the documents
     * alone. Attention does not cross them, and positions begin anew.
     *
     * @param documents where documents begin among the B T tokens, ascending from 0 on; null if each row is one
     */
    public double lossSum(Tensor ids, Tensor targets, int[] documents) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            DocumentGroups groups = groups(documents, ids);
            Tensor hidden = NestedScope.evaluate(() -> hiddenStates(embed(ids), null, groups, null)); // (B, T, C)
            Tensor rows = headFactor(hidden); // (B T, C)
            return CrossEntropy.sum(
                            rows,
                            head.weight().inTypeOf(rows), // (V, C)
                            targets.flatten(), // (B T)
                            null)
                    .item_double();
        }
    }

    /**
     * As {@link #lossSum}, with a backward pass to follow. That adds {@code scale} times the gradient of the loss sum
     * to the gradients of all weights.
     */
    public Loss forward(Tensor ids, Tensor targets, double scale) {
        return forward(ids, targets, null, scale);
    }

    /** As {@link #forward(Tensor, Tensor, double)}, of rows that {@link #lossSum(Tensor, Tensor, int[]) documents} share. */
    public Loss forward(Tensor ids, Tensor targets, int[] documents, double scale) {
        return forward(ids, targets, documents, scale, Leaf.WHOLE);
    }

    /** As {@link #forward(Tensor, Tensor, int[], double)}; the gradients go to the leaf. Threads may do so at once. */
    public Loss forward(Tensor ids, Tensor targets, int[] documents, double scale, Leaf leaf) {
        return forward(
                ids,
                targets,
                documents,
                torch.full(
                        new long[] {1}, new Scalar(scale), embedding.options().dtype(FLOAT)),
                leaf);
    }

    /** As {@link #forward(Tensor, Tensor, int[], double, Leaf)}, with the scale [1] in float32 on the device. */
    public Loss forward(Tensor ids, Tensor targets, int[] documents, Tensor scale, Leaf leaf) {
        Tape tape = new Tape(leaf);
        try (NoGradGuard guard = new NoGradGuard()) {
            DocumentGroups groups = groups(documents, ids);
            Tensor embedded = embed(ids); // (B, T, C)
            Tensor hidden = NestedScope.evaluate(() -> recordedHiddenStates(embedded, groups, tape)); // (B, T, C)
            Tensor gradient = torch.zeros_like(hidden).to(ScalarType.Float); // (B, T, C)
            Tensor matrix = head.weight().values(); // (V, C)
            Tensor headGradient = head.weight().isTrained() ? leaf.zeros(matrix) : null; // (V, C)
            Tensor rows = headFactor(hidden); // (B T, C)
            Tensor sum = CrossEntropy.sum(
                    rows,
                    head.weight().inTypeOf(rows), // (V, C)
                    targets.flatten(), // (B T)
                    new CrossEntropy.Gradients(scale, gradient.flatten(0, 1), headGradient));
            return new Loss(ids, gradient.to(hidden.scalar_type()), headGradient, tape, leaf, sum);
        } catch (RuntimeException failed) {
            tape.close();
            throw failed;
        }
    }

    /** The last hidden states [B, T, C] as the output projection multiplies them [B T, C]. */
    private Tensor headFactor(Tensor hidden) {
        return head.weight().factor(hidden.flatten(0, 1), config.vocabularySize());
    }

    private static DocumentGroups groups(int[] documents, Tensor ids) {
        return documents == null ? null : new DocumentGroups(documents, (int) ids.numel(), ids.device());
    }

    /** The loss of a forward pass, and its backward pass. */
    public final class Loss implements AutoCloseable {

        private final Tensor ids; // (B, T)
        private final Tensor gradient; // (B, T, C), of the last hidden states
        private final Tensor headGradient; // (V, C); null if the head is frozen
        private final Tape tape;
        private final Leaf leaf;
        private final Tensor sum; // a scalar

        private Loss(Tensor ids, Tensor gradient, Tensor headGradient, Tape tape, Leaf leaf, Tensor sum) {
            this.ids = ids;
            this.gradient = gradient;
            this.headGradient = headGradient;
            this.tape = tape;
            this.leaf = leaf;
            this.sum = sum;
        }

        /** The sum of the token losses as a scalar in float64 on the device, in the scope of the forward pass. */
        public Tensor sumOnDevice() {
            return sum;
        }

        /** The sum of the token losses, in nats. A GPU is waited for. */
        public double sum() {
            return sum.item_double();
        }

        /** Runs the backward pass, which adds to the gradients. May be called once. */
        public void backward() {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                boolean tied = head.weight().values() == embedding;
                if (headGradient != null && !tied) {
                    leaf.add(head.weight().values(), headGradient);
                }
                Tensor embedded = tape.backward(gradient); // (B, T, C)
                if (embedding.requires_grad()) {
                    // Forward:  X[b, t] = E[ids[b, t]]
                    // Backward: dE[v] = Σ of dX[b, t] over all b, t with ids[b, t] = v.
                    Tensor sum = tied ? headGradient : leaf.zeros(embedding); // (V, C)
                    leaf.add(embedding, addRows(sum, ids.flatten(), embedded.flatten(0, 1))); // (B T), (B T, C)
                }
            }
        }

        /** Adds rows [R, C] to those rows of the sum [V, C] that ids [R] name. */
        private static Tensor addRows(Tensor sum, Tensor ids, Tensor rows) {
            // On a GPU index_add_ takes six times as long for tokens that are as unevenly frequent as those of text.
            return sum.is_cuda()
                    ? sum.add_(torch.embedding_dense_backward(rows, ids, sum.size(0), -1, false))
                    : sum.index_add_(0, ids, rows);
        }

        /** Frees what a backward pass would have needed, if none was run. */
        @Override
        public void close() {
            tape.close();
        }
    }

    /** Sets the probability with which activations are dropped while training. Initially 0: none. */
    public void dropout(double probability) {
        dropout = new Dropout(probability);
    }

    /**
     * Sets whether only the inputs of the layers are kept for the backward pass, which then runs the forward pass of
     * each layer again. That takes less memory and more time, and gives the same bytes. Initially false.
     */
    public void recompute(boolean layers) {
        recompute = layers;
    }

    /**
     * Sets whether linear layers multiply in bf16 where that is faster, with copies of their weights. Weights, gradients,
     * the residual stream, norms, softmax and the loss are float32. Initially false. The model must be on its device.
     */
    public void multiplyInBf16(boolean bf16) {
        this.bf16 = bf16;
        parameters.multiplied().forEach(weight -> weight.multiplyInBf16(bf16));
    }

    /**
     * Lays the copies in bf16 out as the CPU reads them fastest. From then on the model can only {@link #decode decode}, and
     * its weights must not change.
     */
    public void packCopies() {
        if (bf16 && Processor.current().multipliesBf16()) {
            parameters.multiplied().forEach(Weight::packCopy);
        }
    }

    /** Whether a forward pass with a backward pass draws random numbers, or does more than start operations. */
    public boolean isRecordable() {
        return dropout.probability() == 0 && (lora == null || lora.dropout() == 0) && !recompute;
    }

    /** Number of weights that have a copy in bf16. */
    public int copies() {
        return bf16 ? parameters.multiplied().size() : 0;
    }

    /**
     * Brings the copy of a weight up to date. To be called whenever weights have changed, for each index below {@link
     * #copies()}. Threads may do so at once for different weights.
     */
    public void renewCopy(int index) {
        parameters.multiplied().get(index).renew();
    }

    /**
     * The trained matrices: those of the adapters if there are any, else all, including the embeddings. Queries, keys and
     * values of a layer share one matrix, and so do gate and up.
     */
    public List<Tensor> matrices() {
        return parameters.matrices();
    }

    /** The trained vectors: the scales of the norms, and the biases; none if there are adapters. */
    public List<Tensor> vectors() {
        return parameters.vectors();
    }

    /** All of them, in the order in which the forward pass uses them first. */
    public List<Tensor> trained() {
        return parameters.trained();
    }

    /** Number of values that are trained. */
    public long trainedCount() {
        return Stream.concat(matrices().stream(), vectors().stream())
                .mapToLong(Tensor::numel)
                .sum();
    }

    /**
     * The weights by their Hugging Face names, in a fixed order, without adapters. They are views into the tensors of
     * the model, created at each call in the scope of the caller, so they are right even after a move to another device.
     * Writing to a view (copy_) sets the weight.
     */
    public Map<String, Tensor> namedTensors() {
        return parameters.namedWeights();
    }

    /**
     * What is trained, as {@link #namedTensors()}: the same, or the adapters alone by their PEFT names if there are any.
     */
    public Map<String, Tensor> namedTrained() {
        return named(tensor -> tensor);
    }

    /**
     * As {@link #namedTrained()}, but of the tensors that {@code of} returns for each trained one, such as its gradient
     * or its moment.
     */
    public Map<String, Tensor> named(UnaryOperator<Tensor> of) {
        return parameters.named(of);
    }

    @Override
    public void close() {
        rotary.close();
        parameters.close();
        super.close();
    }
}
