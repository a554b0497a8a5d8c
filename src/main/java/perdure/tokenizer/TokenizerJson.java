package perdure.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The texts of the three tokenizer files in a Hugging Face model folder, and what is read back from the first. */
final class TokenizerJson {

    static final List<String> SPECIALS = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    /**
     * ChatML, as {@link Tokenizer#encode(ChatMessage)} encodes it. {@code generation} marks what a loss on assistant
     * turns counts.
     */
    static final String CHAT_TEMPLATE = "{% for message in messages %}"
            + "{{ '<|im_start|>' + message['role'] + '\\n' }}"
            + "{% if message['role'] == 'assistant' %}"
            + "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
            + "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}"
            + "{{ '\\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /** The same text, without the mark. */
    private static final String FORMER_CHAT_TEMPLATE = "{% for message in messages %}"
            + "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
            + "{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /** Without the limits that guard against strangers: the file's size is limited, and a token may be long. */
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .build();

    /** What {@link #tokenizerConfigJson} says. */
    static final TokenizerConfig CONFIG = new TokenizerConfig(
            Map.of("eos_token", SPECIALS.get(2), "pad_token", SPECIALS.get(0)),
            Map.of(TokenizerConfig.DEFAULT, CHAT_TEMPLATE),
            null,
            Set.of());

    private TokenizerJson() {}

    /**
     * A {@code tokenizer.json} with the 256 bytes, the results of the merges in their order, and the special tokens.
     */
    static String tokenizerJson(List<ByteLevelBpeTrainer.Merge> merges) {
        List<String> spellings = new ArrayList<>();
        for (int id = 0; id < ByteLevelBpeTrainer.BYTES; id++) {
            spellings.add(null);
        }
        for (int value = 0; value < ByteLevelBpeTrainer.BYTES; value++) {
            spellings.set(ByteLevel.id((byte) value), ByteLevel.spell(new byte[] {(byte) value}));
        }
        ArrayNode mergeLines = JSON.createArrayNode();
        for (ByteLevelBpeTrainer.Merge merge : merges) {
            String left = spellings.get(merge.left());
            String right = spellings.get(merge.right());
            spellings.add(left + right);
            mergeLines.add(left + " " + right);
        }
        ObjectNode vocabulary = JSON.createObjectNode();
        for (String spelling : spellings) {
            vocabulary.put(spelling, vocabulary.size());
        }
        ObjectNode model = JSON.createObjectNode();
        model.put("type", "BPE").putNull("dropout").putNull("unk_token");
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        model.set("vocab", vocabulary);
        model.set("merges", mergeLines);

        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (String special : SPECIALS) {
            added.add(addedToken(special).put("id", vocabulary.size() + added.size()));
        }
        root.putNull("normalizer");
        // Jlama finds a byte-level tokenizer only inside a sequence.
        root.putObject("pre_tokenizer")
                .put("type", "Sequence")
                .putArray("pretokenizers")
                .add(byteLevel());
        root.putNull("post_processor");
        root.set("decoder", byteLevel());
        root.set("model", model);
        return JSON.writeValueAsString(root);
    }

    private static ObjectNode addedToken(String content) {
        return JSON.createObjectNode()
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
    }

    private static ObjectNode byteLevel() {
        return JSON.createObjectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
    }

    /**
     * The content of a {@code tokenizer.json}.
     *
     * @throws IllegalArgumentException if it is no JSON object
     */
    static ObjectNode parse(String tokenizerJson) {
        try {
            if (JSON.readTree(tokenizerJson) instanceof ObjectNode root) {
                return root;
            }
            throw new IllegalArgumentException("not a JSON object.");
        } catch (JacksonException exception) {
            throw new IllegalArgumentException("not JSON: " + JsonProblem.inFile(exception), exception);
        }
    }

    /** The text of a JSON object. */
    static String text(ObjectNode root) {
        return JSON.writeValueAsString(root);
    }

    /** Whether it is one that {@link #tokenizerJson} or version 0.1.0 made: byte-level, with our special tokens last. */
    static boolean isOurs(ObjectNode root) {
        JsonNode preTokenizer = preTokenizer(root);
        JsonNode added = root.path("added_tokens");
        int tokens = root.at("/model/vocab").size();
        boolean specials = added.size() == SPECIALS.size();
        for (int i = 0; specials && i < added.size(); i++) {
            specials = added.get(i).path("content").asString("").equals(SPECIALS.get(i))
                    && added.get(i).path("id").asInt(-1) == tokens + i;
        }
        return specials
                && root.at("/model/type").asString("").equals("BPE")
                && preTokenizer.path("type").asString("").equals("ByteLevel")
                && !preTokenizer.path("add_prefix_space").asBoolean(true)
                && root.path("normalizer").isNull()
                && root.path("post_processor").isNull();
    }

    /** The only one of a sequence. Version 0.1.0 wrote it without a sequence. */
    private static JsonNode preTokenizer(JsonNode root) {
        JsonNode sequence = root.at("/pre_tokenizer/pretokenizers");
        return sequence.size() == 1 ? sequence.path(0) : root.path("pre_tokenizer");
    }

    /** Whether a chat template is the one that {@link #tokenizerConfigJson} or version 0.1.0 wrote. */
    static boolean isOurs(String chatTemplate) {
        return chatTemplate.equals(CHAT_TEMPLATE) || chatTemplate.equals(FORMER_CHAT_TEMPLATE);
    }

    /**
     * The end token is {@code <|im_end|>}, which ends an answer in a chat. Plain text ends with {@code <|endoftext|>},
     * which is also the padding token.
     *
     * @param longest number of tokens that the model can look back on
     */
    static String tokenizerConfigJson(int longest) {
        ObjectNode root = JSON.createObjectNode();
        root.put("tokenizer_class", "PreTrainedTokenizerFast");
        root.put("model_max_length", longest);
        root.put("clean_up_tokenization_spaces", false);
        root.put("eos_token", SPECIALS.get(2)).put("pad_token", SPECIALS.get(0));
        root.put("chat_template", CHAT_TEMPLATE);
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }

    static String specialTokensMapJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("eos_token", SPECIALS.get(2)).put("pad_token", SPECIALS.get(0));
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }
}
