package perdure.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.tokenizer.Tokenizer;

/** Our model with the weights of a GGUF file, beside llama.cpp with that file. */
public final class GgufModel {

    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("token_embd", "model.embed_tokens"),
            Map.entry("output_norm", "model.norm"),
            Map.entry("output", "lm_head"),
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"));

    private GgufModel() {}

    /**
     * Copies the weights of a file into a model, whose rows of queries and keys stand as in transformers.
     *
     * @param permuted whether llama.cpp rotates neighbours in this architecture
     */
    public static void load(Path gguf, LanguageModel model, boolean permuted) throws IOException {
        Set<String> missing = new HashSet<>(model.namedTensors().keySet());
        ModelConfig config = model.config();
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            GgufReader.read(gguf).tensors().forEach((name, tensor) -> {
                if (name.equals("rope_freqs.weight")) {
                    return;
                }
                int dot = name.lastIndexOf('.');
                String[] parts = name.substring(0, dot).split("\\.");
                String last = NAMES.get(parts[parts.length - 1]);
                String ours =
                        (parts.length == 1 ? last : "model.layers." + parts[1] + "." + last) + name.substring(dot);
                float[] values = tensor.values();
                if (permuted && (last.endsWith("q_proj") || last.endsWith("k_proj"))) {
                    values = unpermuted(values, tensor.shape(), config.headSize());
                }
                long[] shape =
                        tensor.shape().stream().mapToLong(Long::longValue).toArray();
                assertTrue(missing.remove(ours), name);
                Tensor target = model.namedTensors().get(ours);
                assertEquals(target.numel(), values.length, name);
                target.detach().copy_(torch.tensor(values).view(shape));
            });
        }
        assertEquals(Set.of(), missing);
    }

    private static float[] unpermuted(float[] values, List<Long> shape, int headSize) {
        int row = values.length / Math.toIntExact(shape.get(0));
        float[] result = new float[values.length];
        for (int to = 0; to < values.length / row; to++) {
            int inHead = to % headSize;
            int from = to - inHead + (inHead < headSize / 2 ? 2 * inHead : 2 * (inHead - headSize / 2) + 1);
            System.arraycopy(values, from * row, result, to * row, row);
        }
        return result;
    }

    /** Undoes the permutation of queries and keys in a file of 32-bit floats. */
    public static void unpermute(Path gguf, int headSize) throws IOException {
        overwrite(
                gguf,
                name -> name.contains("attn_q.") || name.contains("attn_k."),
                tensor -> unpermuted(tensor.values(), tensor.shape(), headSize));
    }

    /** Leaves out the factors of the rotary frequencies, which are then those of a model without scaling. */
    public static void leaveOutRotaryFactors(Path gguf) throws IOException {
        overwrite(gguf, "rope_freqs.weight"::equals, tensor -> {
            float[] ones = new float[tensor.values().length];
            Arrays.fill(ones, 1);
            return ones;
        });
    }

    private static void overwrite(Path gguf, Predicate<String> which, Function<GgufReader.Tensor, float[]> values)
            throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(gguf)).order(ByteOrder.LITTLE_ENDIAN);
        GgufReader.read(gguf).tensors().forEach((name, tensor) -> {
            if (which.test(name)) {
                assertEquals(0, tensor.type(), name);
                bytes.position(tensor.place());
                bytes.asFloatBuffer().put(values.apply(tensor));
            }
        });
        Files.write(gguf, bytes.array());
    }

    /**
     * Requires that llama.cpp continued the prompts with our model's likeliest tokens. Where two are nearly as likely,
     * either will do.
     *
     * @param margin difference of logits that is nearly none
     * @return the number of tokens that were compared
     */
    public static int requireSameAnswers(
            LanguageModel model,
            Tokenizer tokenizer,
            LlamaCpp.Question question,
            LlamaCpp.Answer answer,
            double margin) {
        int compared = 0;
        for (int i = 0; i < question.prompts().size(); i++) {
            String prompt = question.prompts().get(i);
            List<Integer> ids = new ArrayList<>(
                    IntStream.concat(IntStream.of(tokenizer.startOfText()), IntStream.of(tokenizer.encode(prompt)))
                            .boxed()
                            .toList());
            for (String piece : answer.pieces().get(i)) {
                float[] logits = logits(model, ids);
                int likeliest = IntStream.range(0, logits.length)
                        .reduce((a, b) -> logits[b] > logits[a] ? b : a)
                        .getAsInt();
                int theirs = piece.isEmpty() ? likeliest : id(tokenizer, piece);
                String where = "\"" + prompt + "\" after " + ids.size() + " tokens: \"" + piece + "\", not \""
                        + tokenizer.decode(new int[] {likeliest}) + "\"";
                assertTrue(theirs >= 0 && logits[likeliest] - logits[theirs] <= margin, where);
                if (piece.isEmpty()) {
                    break; // The end of the answer, or of its length.
                }
                ids.add(theirs);
                compared++;
            }
        }
        return compared;
    }

    private static int id(Tokenizer tokenizer, String piece) {
        byte[] text = piece.getBytes(StandardCharsets.UTF_8);
        return IntStream.range(0, tokenizer.vocabularySize())
                .filter(id -> Arrays.equals(tokenizer.bytes(id), text))
                .findFirst()
                .orElse(-1);
    }

    private static float[] logits(LanguageModel model, List<Integer> ids) {
        try (PointerScope scope = new PointerScope()) {
            long[] all = ids.stream().mapToLong(Integer::longValue).toArray();
            Tensor logits = model.logits(torch.tensor(all).view(1, all.length))
                    .select(1, all.length - 1)
                    .select(0, 0)
                    .contiguous()
                    .detach();
            float[] values = new float[Math.toIntExact(logits.numel())];
            logits.data_ptr_float().get(values);
            return values;
        }
    }

    /** Words, runs of spaces, line ends, digits, contractions, accents, other scripts, emoji, controls. */
    public static List<String> texts(int count) {
        String[] parts = {
            "The",
            " fox",
            "  ",
            "   ",
            " ",
            "\n",
            "\r\n",
            "\n\n",
            "\t",
            " \n ",
            "12",
            "3",
            "4567",
            "½",
            "٣",
            "'s",
            "'LL",
            "'t",
            "don't",
            "é",
            "e\u0301",
            "Straße",
            "море",
            "港口",
            "한국어",
            "القارب",
            "🙂",
            "👩‍👩‍👧",
            "🇫🇷",
            "\u00a0",
            "\u3000",
            "\u0085",
            "\u200b",
            "\ufeff",
            "\u0001",
            "\u007f",
            ".",
            "...",
            "!?",
            "=",
            "_",
            "x_1",
            "<|im",
            "|>",
            "\uD835\uDCD0",
            "\uDBFF\uDFFF",
            "a",
            "Z",
            "ow",
            "hears",
            "follows",
            ", "
        };
        Random random = new Random(5);
        List<String> texts = new ArrayList<>(List.of("", " ", "  two  spaces   three\t\ttabs \n \n\n end  "));
        while (texts.size() < count) {
            StringBuilder text = new StringBuilder();
            for (int left = 1 + random.nextInt(12); left > 0; left--) {
                text.append(
                        random.nextInt(4) > 0
                                ? parts[random.nextInt(parts.length)]
                                : Character.toString(1 + random.nextInt(0xd7ff)));
            }
            texts.add(text.toString());
        }
        return texts;
    }
}
