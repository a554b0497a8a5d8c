package perdure.export;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a GGUF file says of a tokenizer. llama.cpp splits text by rules of its own that a file can only name, so a {@code
 * tokenizer.json} with other rules is refused.
 */
final class GgufTokenizer {

    /** The kinds of a token, as numbers in the file. */
    private static final int NORMAL = 1;

    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;

    /** The score of a token that no merge makes: llama.cpp merges into it last. */
    private static final float NEVER_MERGED = -1e9f;

    private final ModelFiles files;
    private final JsonNode json;
    private final JsonNode vocabulary;
    private final int size;
    private final GgufSplitting splitting;

    /**
     * @param size number of token ids of the model, which may exceed those of the tokenizer
     * @throws IllegalArgumentException if llama.cpp has no such tokenizer; the message names the file
     */
    GgufTokenizer(ModelFiles files, int size) {
        this.files = files;
        this.json = files.tokenizer();
        this.vocabulary = json.at("/model/vocab");
        this.size = size;
        this.splitting = GgufSplitting.of(json);
    }

    void describe(GgufMetadata metadata) {
        metadata.put("tokenizer.ggml.model", splitting.model()).put("tokenizer.ggml.pre", splitting.name());
        describeTokens(metadata);
        describeSpecials(metadata);
        files.chatTemplates()
                .forEach((name, template) -> metadata.put(
                        "tokenizer.chat_template" + (name.equals(ModelFiles.DEFAULT_TEMPLATE) ? "" : "." + name),
                        template));
    }

    private void describeTokens(GgufMetadata metadata) {
        List<String> tokens = new ArrayList<>();
        List<Integer> types = new ArrayList<>();
        for (int id = 0; id < size; id++) {
            tokens.add("[PAD" + id + "]");
            types.add(UNUSED);
        }
        vocabulary.properties().forEach(entry -> {
            int id = id(entry.getValue(), entry.getKey());
            tokens.set(id, entry.getKey());
            types.set(id, isByte(entry.getKey()) ? BYTE : NORMAL);
        });
        for (JsonNode added : json.path("added_tokens")) {
            String content = added.path("content").asString();
            int id = id(added.path("id"), content);
            tokens.set(id, content);
            types.set(id, added.path("special").asBoolean(false) ? CONTROL : USER_DEFINED);
        }
        JsonNode unknown = vocabulary.path(json.at("/model/unk_token").asString(""));
        if (unknown.isInt()) {
            types.set(unknown.intValue(), UNKNOWN);
            metadata.put("tokenizer.ggml.unknown_token_id", unknown.intValue());
        }
        metadata.putTexts("tokenizer.ggml.tokens", tokens).putNumbers("tokenizer.ggml.token_type", types);
        if (splitting.isSentencePiece()) {
            metadata.putFloats("tokenizer.ggml.scores", scores(tokens));
            metadata.put("tokenizer.ggml.add_space_prefix", splitting.addsSpace());
        } else {
            // Pure bytes have an empty array: without the key llama.cpp refuses the file.
            metadata.putTexts(
                    "tokenizer.ggml.merges",
                    merges().stream().map(pair -> String.join(" ", pair)).toList());
        }
    }

    private int id(JsonNode id, String token) {
        if (!id.isInt() || id.intValue() < 0 || id.intValue() >= size) {
            throw new IllegalArgumentException(
                    "the id of the token \"" + token + "\" is " + id + ", but the model has " + size + " tokens.");
        }
        return id.intValue();
    }

    private boolean isByte(String token) {
        return splitting.isSentencePiece() && token.matches("<0x[0-9A-F]{2}>");
    }

    /** The merges as pairs; in the file they are pairs, or texts with a space between. */
    private List<List<String>> merges() {
        List<List<String>> merges = new ArrayList<>();
        for (JsonNode merge : json.at("/model/merges")) {
            merges.add(
                    merge.isArray()
                            ? List.of(merge.path(0).asString(), merge.path(1).asString())
                            : List.of(merge.asString().split(" ", 2)));
        }
        return merges;
    }

    /** SentencePiece merges into the token of the highest score first, byte-pair encoding by the first merge. */
    private List<Float> scores(List<String> tokens) {
        Map<String, Float> scores = new HashMap<>();
        List<List<String>> merges = merges();
        for (int rank = 0; rank < merges.size(); rank++) {
            scores.putIfAbsent(String.join("", merges.get(rank)), (float) -rank);
        }
        return tokens.stream()
                .map(token -> scores.getOrDefault(token, NEVER_MERGED))
                .toList();
    }

    private void describeSpecials(GgufMetadata metadata) {
        int end = files.endOfAnswer();
        Set<Integer> ends = new LinkedHashSet<>(List.of(end));
        ends.addAll(files.endsOfText());
        metadata.put("tokenizer.ggml.eos_token_id", end);
        if (ends.size() > 1) {
            metadata.putNumbers("tokenizer.ggml.eos_token_ids", ends); // Ollama ends at all of them.
        }
        endOfTurn(ends, metadata);
        Integer begin = files.idOf("bos_token");
        if (begin != null) {
            metadata.put("tokenizer.ggml.bos_token_id", begin);
        }
        Integer padding = files.idOf("pad_token");
        if (padding != null) {
            metadata.put("tokenizer.ggml.padding_token_id", padding);
        }
        metadata.put("tokenizer.ggml.add_bos_token", begin != null && files.addsBeginning(begin));
    }

    /** The token that ends a message: that end of text which the chat template writes. */
    private void endOfTurn(Set<Integer> ends, GgufMetadata metadata) {
        String template = files.chatTemplates().getOrDefault(ModelFiles.DEFAULT_TEMPLATE, "");
        ends.stream()
                .filter(id -> template.contains(files.token(id)))
                .findFirst()
                .ifPresent(id -> metadata.put("tokenizer.ggml.eot_token_id", id));
    }
}
