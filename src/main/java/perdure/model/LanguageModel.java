package perdure.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A decoder-only language model of the Llama architecture, as transformers' {@code LlamaForCausalLM} defines it: RMSNorm,
 * rotary positions, grouped-query attention, SwiGLU, no biases. Token ids in, logits out; it knows no text, no optimizer
 * and no files.
 *
 * <p>Every method makes temporary tensors in the caller's {@link org.bytedeco.javacpp.PointerScope}; the weights live
 * until {@link #close()}. Shapes: {@code B} batch, {@code T} time, {@code C} hidden size, {@code V} vocabulary.
 */
public final class LanguageModel extends Module {

    private final ModelConfig config;
    private final Parameters parameters;
    private final Rotary rotary;
    private final Tensor embedding; // (V, C)
    private final Tensor head; // (V, C); the embedding itself if tied
    private final GradientBuffer embeddingGradient;
    private final GradientBuffer headGradient;
    private final List<DecoderLayer> layers = new ArrayList<>();
    private final RootMeanSquareNorm norm;
    private Dropout dropout = new Dropout(0);

    /** A float32 model on the CPU whose initial weights follow from the configuration and the seed alone. */
    public LanguageModel(ModelConfig config, long seed) {
        super("LanguageModel");
        retainReference();
        this.config = config;
        parameters = new Parameters(this, seed);
        rotary = new Rotary(config);
        embedding =
                parameters.matrix(deviation(config), config.hiddenSize(), vocabularyRows("model.embed_tokens.weight"));
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(new DecoderLayer(config, parameters, "model.layers." + layer + ".", rotary));
        }
        norm = new RootMeanSquareNorm(config, parameters, "model.norm.weight");
        embeddingGradient = new GradientBuffer(embedding);
        head = config.tiedEmbeddings()
                ? embedding
                : parameters.matrix(deviation(config), config.hiddenSize(), vocabularyRows("lm_head.weight"));
        headGradient = config.tiedEmbeddings() ? embeddingGradient : new GradientBuffer(head);
    }

    private Parameters.Rows vocabularyRows(String name) {
        return new Parameters.Rows(name, config.vocabularySize());
    }

    /** Standard deviation of initial weights: keeps the variance of what a width of C is multiplied into. */
    static double deviation(ModelConfig config) {
        return 1 / Math.sqrt(config.hiddenSize());
    }

    /** Deviation of the matrices that write to the residual stream: their 2 × layers sums keep its variance (GPT-2). */
    static double residualDeviation(ModelConfig config) {
        return deviation(config) / Math.sqrt(2.0 * config.layers());
    }

    public ModelConfig config() {
        return config;
    }

    /** The logits [B, T, V] of the token that follows each of ids [B, T] (int64), T at most the context. */
    public Tensor logits(Tensor ids) {
        return Temporaries.freedBy(() -> Linear.apply(hidden(embed(ids), null, null), head));
    }

    /**
     * The sum of the token losses (nats) of targets [B, T] (int64) given ids [B, T] (int64). Targets of -100 do not
     * count. Records no gradients.
     */
    public double lossSum(Tensor ids, Tensor targets) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            Tensor hidden = Temporaries.freedBy(() -> hidden(embed(ids), null, null));
            return CrossEntropy.sum(hidden.flatten(0, 1), head, targets.flatten(), null);
        }
    }

    /**
     * As {@link #lossSum}, with the backward pass to follow, which adds {@code scale} times the gradient of the loss sum
     * to the gradients of all weights. What the output projection has to add is added by the forward pass.
     */
    public Pass forward(Tensor ids, Tensor targets, double scale) {
        Tape tape = new Tape();
        try (NoGradGuard guard = new NoGradGuard()) {
            Tensor embedded = embed(ids);
            Tensor hidden = byHand()
                    ? Temporaries.freedBy(() -> hidden(embedded, null, tape))
                    : Temporaries.freedBy(() -> tape.byAutograd(embedded, leaf -> hidden(leaf, null, null)));
            Tensor gradient = torch.zeros_like(hidden).to(ScalarType.Float); // (B, T, C)
            double sum = CrossEntropy.sum(
                    hidden.flatten(0, 1),
                    head,
                    targets.flatten(),
                    new CrossEntropy.Gradients(scale, gradient.flatten(0, 1), headGradient.open()));
            return new Pass(ids, gradient.to(hidden.scalar_type()), tape, sum);
        } catch (RuntimeException failed) {
            tape.close();
            throw failed;
        }
    }

    /** On the CPU in float32, where it is faster; elsewhere autograd makes the gradients. */
    private boolean byHand() {
        return embedding.is_cpu() && !torch.is_autocast_enabled(DeviceType.CPU);
    }

    /** A forward pass that waits for its backward pass. */
    public final class Pass implements AutoCloseable {

        private final Tensor ids; // (B, T)
        private final Tensor gradient; // (B, T, C), of the last hidden state
        private final Tape tape;
        private final double lossSum;

        private Pass(Tensor ids, Tensor gradient, Tape tape, double lossSum) {
            this.ids = ids;
            this.gradient = gradient;
            this.tape = tape;
            this.lossSum = lossSum;
        }

        /** In nats. */
        public double lossSum() {
            return lossSum;
        }

        /** Adds to the gradients; once. */
        public void backward() {
            try (PointerScope scope = new PointerScope();
                    NoGradGuard guard = new NoGradGuard()) {
                Tensor embedded = tape.backward(gradient); // (B, T, C)
                embeddingGradient.open().index_add_(0, ids.flatten(), embedded.flatten(0, 1));
            }
        }

        /** Frees what a backward pass would have needed, if none was made. */
        @Override
        public void close() {
            tape.close();
        }
    }

    /**
     * The logits [B, V] of the token that follows ids [B, T] (int64), which continue what the cache holds and are added
     * to it. Needs no gradients and records none.
     *
     * @throws IllegalStateException if the tokens do not fit into the cache
     */
    public Tensor decode(Tensor ids, KeyValueCache cache) {
        long time = ids.size(1);
        cache.require(time);
        try (NoGradGuard guard = new NoGradGuard()) {
            Tensor logits = Temporaries.freedBy(
                    () -> Linear.apply(hidden(embed(ids), cache, null).select(1, time - 1), head)); // (B, V)
            cache.advance(time);
            return logits;
        }
    }

    /** The embeddings [B, T, C] of ids [B, T]. */
    private Tensor embed(Tensor ids) {
        return torch.embedding(embedding, ids);
    }

    /** The residual stream [B, T, C] after the last norm; the steps back go to the tape, if that is not null. */
    private Tensor hidden(Tensor embedded, KeyValueCache cache, Tape tape) {
        Dropout active = is_training() ? dropout : new Dropout(0);
        Tensor x = active.apply(embedded, tape); // (B, T, C)
        for (int index = 0; index < layers.size(); index++) {
            x = layers.get(index).forward(x, cache, index, active, tape);
        }
        return norm.forward(x, tape);
    }

    /** The probability with which values are dropped while training (0, the initial value: none). */
    public void dropout(double probability) {
        dropout = new Dropout(probability);
    }

    /** The trained matrices, embeddings included. Queries, keys and values of a layer are one, gate and up another. */
    public List<Tensor> matrices() {
        return parameters.matrices();
    }

    /** The trained vectors: the weights of the norms. */
    public List<Tensor> vectors() {
        return parameters.vectors();
    }

    /**
     * The weights by their Hugging Face names, in a fixed order: views into the trained tensors, made anew at each call
     * in the caller's scope, so that they are right after a move to another device. Writing to one (copy_) sets the weight.
     */
    public Map<String, Tensor> namedTensors() {
        return named(tensor -> tensor);
    }

    /** As {@link #namedTensors()}, of the tensors that {@code of} gives for each trained one: its gradient, its moment. */
    public Map<String, Tensor> named(UnaryOperator<Tensor> of) {
        return parameters.named(of);
    }

    @Override
    public void close() {
        rotary.close();
        embeddingGradient.close();
        headGradient.close();
        parameters.close();
        super.close();
    }
}
