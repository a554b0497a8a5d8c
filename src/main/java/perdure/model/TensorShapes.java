package perdure.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The names and shapes of a model's tensors, known from its configuration alone: no tensor is made. */
final class TensorShapes {

    private final ModelConfig config;
    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();

    private TensorShapes(ModelConfig config) {
        this.config = config;
    }

    /** By the names of {@link LanguageModel#namedTensors()}. */
    static Map<String, List<Long>> of(ModelConfig config) {
        TensorShapes all = new TensorShapes(config);
        long hidden = config.hiddenSize();
        all.matrix("model.embed_tokens", config.vocabularySize(), hidden);
        for (int layer = 0; layer < config.layers(); layer++) {
            all.layer("model.layers." + layer + ".");
        }
        all.vector("model.norm.weight", hidden);
        if (!config.tiedEmbeddings()) {
            all.matrix("lm_head", config.vocabularySize(), hidden);
        }
        return all.shapes;
    }

    private void layer(String prefix) {
        long hidden = config.hiddenSize();
        long inner = config.intermediateSize();
        long queries = (long) config.heads() * config.headSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        AttentionConfig attention = config.attention();
        boolean bias = config.feedForward().bias();
        linear(prefix + "self_attn.q_proj", queries, hidden, attention.inputBias());
        linear(prefix + "self_attn.k_proj", keys, hidden, attention.inputBias());
        linear(prefix + "self_attn.v_proj", keys, hidden, attention.inputBias());
        linear(prefix + "self_attn.o_proj", hidden, queries, attention.outputBias());
        if (attention.queryKeyNorms()) {
            vector(prefix + "self_attn.q_norm.weight", config.headSize());
            vector(prefix + "self_attn.k_norm.weight", config.headSize());
        }
        linear(prefix + "mlp.gate_proj", inner, hidden, bias);
        linear(prefix + "mlp.up_proj", inner, hidden, bias);
        linear(prefix + "mlp.down_proj", hidden, inner, bias);
        vector(prefix + "input_layernorm.weight", hidden);
        vector(prefix + "post_attention_layernorm.weight", hidden);
    }

    private void linear(String module, long rows, long columns, boolean bias) {
        matrix(module, rows, columns);
        if (bias) {
            vector(module + ".bias", rows);
        }
    }

    private void matrix(String module, long rows, long columns) {
        shapes.put(module + ".weight", List.of(rows, columns));
    }

    private void vector(String name, long size) {
        shapes.put(name, List.of(size));
    }
}
