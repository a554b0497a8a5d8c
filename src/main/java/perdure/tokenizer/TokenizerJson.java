package perdure.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    private static final String CHAT_TEMPLATE = "{% for message in messages %}"
            + "{{ '<|im_start|>' + message['role'] + '\\n' }}"
            + "{% if message['role'] == 'assistant' %}"
            + "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
            + "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}"
            + "{{ '\\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /** Without the limits that guard against strangers: the file's size is limited, and a token may be long. */
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .build();

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

    /** The same tokenizer without added tokens, so that everything in a user's text is plain text. */
    static String withoutAddedTokens(String tokenizerJson) {
        ObjectNode root = (ObjectNode) JSON.readTree(tokenizerJson);
        root.putArray("added_tokens");
        return JSON.writeValueAsString(root);
    }

    /**
     * The bytes of every token, by id.
     *
     * @throws IllegalArgumentException if the JSON is not a byte-level tokenizer with our special tokens at its end
     */
    static byte[][] tokens(String tokenizerJson) {
        JsonNode root;
        try {
            root = JSON.readTree(tokenizerJson);
        } catch (JacksonException exception) {
            throw new IllegalArgumentException("not JSON: " + exception.getOriginalMessage(), exception);
        }
        require(root.at("/model/type").asString("").equals("BPE"), "its model is not BPE.");
        JsonNode preTokenizer = preTokenizer(root);
        require(preTokenizer.path("type").asString("").equals("ByteLevel"), "its pre-tokenizer is not ByteLevel.");
        require(!preTokenizer.path("add_prefix_space").asBoolean(true), "it puts a space before the text.");
        require(root.at("/decoder/type").asString("").equals("ByteLevel"), "its decoder is not ByteLevel.");
        require(root.path("normalizer").isNull(), "it normalizes text.");
        JsonNode vocabulary = root.at("/model/vocab");
        JsonNode added = root.path("added_tokens");
        require(vocabulary.size() >= ByteLevelBpeTrainer.BYTES, "its vocabulary lacks bytes.");
        require(added.size() == SPECIALS.size(), "its added tokens are not " + SPECIALS + ".");

        byte[][] tokens = new byte[vocabulary.size() + added.size()][];
        for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
            int id = entry.getValue().asInt(-1);
            require(id >= 0 && id < vocabulary.size() && tokens[id] == null, "its ids have gaps.");
            tokens[id] = ByteLevel.bytes(entry.getKey());
        }
        for (int i = 0; i < added.size(); i++) {
            String special = SPECIALS.get(i);
            require(
                    added.get(i).path("content").asString("").equals(special)
                            && added.get(i).path("id").asInt(-1) == vocabulary.size() + i,
                    special + " is not token " + (vocabulary.size() + i) + ".");
            tokens[vocabulary.size() + i] = special.getBytes(StandardCharsets.UTF_8);
        }
        for (JsonNode merge : root.at("/model/merges")) {
            String[] halves = merge.asString("").split(" ", -1);
            require(
                    halves.length == 2
                            && vocabulary.has(halves[0])
                            && vocabulary.has(halves[1])
                            && vocabulary.has(halves[0] + halves[1]),
                    "its merge " + merge + " names no tokens.");
        }
        return tokens;
    }

    /** The only one of a sequence. Version 0.1.0 wrote it without a sequence. */
    private static JsonNode preTokenizer(JsonNode root) {
        JsonNode sequence = root.at("/pre_tokenizer/pretokenizers");
        return sequence.size() == 1 ? sequence.path(0) : root.path("pre_tokenizer");
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
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
