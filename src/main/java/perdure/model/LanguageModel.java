package perdure.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
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

    private static final int SUM = 2; // cross_entropy_loss: reduction
    private static final int IGNORED = -100; // cross_entropy_loss: target without a loss

    private final ModelConfig config;
    private final Parameters parameters;
    private final Rotary rotary;
    private final Tensor embedding; // (V, C)
    private final Tensor head; // (V, C); the embedding itself if tied
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
        head = config.tiedEmbeddings()
                ? embedding
                : parameters.matrix(deviation(config), config.hiddenSize(), vocabularyRows("lm_head.weight"));
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
        return Temporaries.freedBy(() -> torch.linear(hidden(ids, null), head));
    }

    /**
     * The sum of the token losses (nats, float32, differentiable) of targets [B, T] (int64) given ids [B, T] (int64).
     * Targets of -100 do not count.
     */
    public Tensor lossSum(Tensor ids, Tensor targets) {
        return Temporaries.freedBy(() -> {
            Tensor logits = logits(ids).flatten(0, 1).to(ScalarType.Float); // (B T, V)
            return torch.cross_entropy_loss(logits, targets.flatten(), new TensorOptional(), SUM, IGNORED, 0.0);
        });
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
            Tensor logits =
                    Temporaries.freedBy(() -> torch.linear(hidden(ids, cache).select(1, time - 1), head)); // (B, V)
            cache.advance(time);
            return logits;
        }
    }

    /** The residual stream [B, T, C] after the last norm. */
    private Tensor hidden(Tensor ids, KeyValueCache cache) {
        Dropout active = is_training() ? dropout : new Dropout(0);
        Tensor x = active.apply(torch.embedding(embedding, ids)); // (B, T, C)
        for (int index = 0; index < layers.size(); index++) {
            x = layers.get(index).forward(x, cache, index, active);
        }
        return norm.forward(x);
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
        parameters.close();
        super.close();
    }
}
