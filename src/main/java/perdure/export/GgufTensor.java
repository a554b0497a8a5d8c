package perdure.export;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import perdure.model.ModelConfig;
import perdure.model.ModelFamily;

/**
 * One tensor of a GGUF file and where it comes from.
 *
 * @param name in the file
 * @param source its name in transformers; null: the factors of the rotary frequencies, which follow from the configuration
 * @param shape rows first; a vector has one dimension
 * @param permutedHeads heads whose rows are permuted, see {@link #sourceRow}; 0: rows stay where they are
 */
record GgufTensor(String name, String source, List<Long> shape, GgufType type, int permutedHeads) {

    private static final String LAYER = "model.layers.";

    /** GGUF's names of what is in a layer, by transformers' names. */
    private static final Map<String, String> IN_LAYER = Map.ofEntries(
            Map.entry("input_layernorm", "attn_norm"),
            Map.entry("self_attn.q_proj", "attn_q"),
            Map.entry("self_attn.k_proj", "attn_k"),
            Map.entry("self_attn.v_proj", "attn_v"),
            Map.entry("self_attn.o_proj", "attn_output"),
            Map.entry("self_attn.q_norm", "attn_q_norm"),
            Map.entry("self_attn.k_norm", "attn_k_norm"),
            Map.entry("post_attention_layernorm", "ffn_norm"),
            Map.entry("mlp.gate_proj", "ffn_gate"),
            Map.entry("mlp.up_proj", "ffn_up"),
            Map.entry("mlp.down_proj", "ffn_down"));

    private static final Map<String, String> OUTSIDE =
            Map.of("model.embed_tokens", "token_embd", "model.norm", "output_norm", "lm_head", "output");

    GgufTensor {
        shape = List.copyOf(shape);
    }

    /**
     * The tensors of a file, in the order of the shapes.
     *
     * @param shapes by transformers' names
     * @param type of the matrices, which fits their rows; vectors are always {@link GgufType#F32}
     */
    static List<GgufTensor> of(ModelConfig config, Map<String, List<Long>> shapes, GgufType type) {
        List<GgufTensor> tensors = new ArrayList<>();
        shapes.forEach((source, shape) -> {
            GgufType own = shape.size() == 1 ? GgufType.F32 : type;
            tensors.add(new GgufTensor(name(source), source, shape, own, permutedHeads(config, source)));
        });
        if (GgufArchitecture.needsRotaryFactors(config)) {
            tensors.add(new GgufTensor("rope_freqs.weight", null, List.of(config.headSize() / 2L), GgufType.F32, 0));
        }
        return tensors;
    }

    private static String name(String source) {
        int dot = source.lastIndexOf('.');
        String module = source.substring(0, dot);
        String parameter = source.substring(dot);
        if (!module.startsWith(LAYER)) {
            return known(OUTSIDE, module) + parameter;
        }
        String inModel = module.substring(LAYER.length());
        int end = inModel.indexOf('.');
        return "blk." + inModel.substring(0, end) + "." + known(IN_LAYER, inModel.substring(end + 1)) + parameter;
    }

    private static String known(Map<String, String> names, String module) {
        String name = names.get(module);
        if (name == null) {
            throw new IllegalStateException("GGUF has no name for the weights of " + module + ".");
        }
        return name;
    }

    /** llama.cpp rotates neighbours in these families, where transformers rotates the halves of a head. */
    private static int permutedHeads(ModelConfig config, String source) {
        if (config.family() == ModelFamily.QWEN2 || config.family() == ModelFamily.QWEN3) {
            return 0;
        }
        return source.contains("self_attn.q_proj.")
                ? config.heads()
                : source.contains("self_attn.k_proj.") ? config.keyValueHeads() : 0;
    }

    /** A vector has a row for each value. */
    long rows() {
        return shape.get(0);
    }

    /** Length of a row, in values. */
    long rowLength() {
        return shape.size() == 1 ? 1 : shape.get(1);
    }

    long bytes() {
        return type.bytes(rows() * rowLength());
    }

    /**
     * The row of the source that this row is. In a head of size D, row 2·i comes
     * from row i, and row 2·i + 1 from row i + D/2.
     */
    long sourceRow(long row) {
        if (permutedHeads == 0) {
            return row;
        }
        long headSize = shape.get(0) / permutedHeads;
        long inHead = row % headSize;
        return row - inHead + inHead / 2 + inHead % 2 * (headSize / 2);
    }

    /** Its description in the head of the file, with the place of its data. The innermost dimension comes first. */
    void describe(GgufMetadata.Bytes head, long offset) {
        head.text(name).number(shape.size());
        for (int i = shape.size() - 1; i >= 0; i--) {
            head.number((long) shape.get(i));
        }
        head.number(type.id()).number(offset);
    }

    /**
     * Encodes whole rows, or a part of a vector.
     *
     * @throws IllegalArgumentException if a value is not finite, or would not be in this type
     */
    void encode(float[] values, int count, ByteBuffer target) {
        for (int i = 0; i < count; i++) {
            if (!(Math.abs(values[i]) <= type.largestValue())) {
                throw new IllegalArgumentException(
                        source + " holds " + values[i] + ", which this type cannot express.");
            }
        }
        for (int from = 0; from < count; from += type.valuesPerBlock()) {
            type.encodeBlock(values, from, target);
        }
    }
}
