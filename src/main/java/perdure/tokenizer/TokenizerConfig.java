package perdure.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the files beside a {@code tokenizer.json} say: {@code tokenizer_config.json}, {@code special_tokens_map.json},
 * {@code chat_template.jinja} and {@code generation_config.json}. Each of them may be missing.
 *
 * @param specialTokens spelling by role, such as {@code bos_token}; templates see them by these names
 * @param templates chat templates by name, without empty ones; the usual one is {@value #DEFAULT}
 * @param addsBegin whether a text begins with the begin token; null if only the {@code tokenizer.json} says so
 * @param generationEnds ids at which generation ends
 */
record TokenizerConfig(
        Map<String, String> specialTokens,
        Map<String, String> templates,
        Boolean addsBegin,
        Set<Integer> generationEnds) {

    static final String FILE = "tokenizer_config.json";
    static final String SPECIAL_TOKENS_FILE = "special_tokens_map.json";
    static final String TEMPLATE_FILE = "chat_template.jinja";
    static final String GENERATION_FILE = "generation_config.json";
    static final String DEFAULT = "default";

    private static final List<String> ROLES =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    /**
     * Reads them.
     *
     * @param files content by name
     * @throws IllegalArgumentException that names the file, if one is not JSON
     */
    static TokenizerConfig read(Map<String, byte[]> files) {
        ObjectNode config = json(files, FILE);
        ObjectNode map = json(files, SPECIAL_TOKENS_FILE);
        Map<String, String> tokens = new LinkedHashMap<>();
        for (String role : ROLES) {
            String token = spelling(config.has(role) ? config.path(role) : map.path(role));
            if (token != null) {
                tokens.put(role, token);
            }
        }
        Map<String, String> templates = new LinkedHashMap<>();
        JsonNode given = config.path("chat_template");
        if (given.isString()) {
            templates.put(DEFAULT, given.asString());
        }
        for (JsonNode named : given) {
            templates.put(
                    named.path("name").asString(""), named.path("template").asString(""));
        }
        if (files.containsKey(TEMPLATE_FILE)) {
            templates.put(DEFAULT, text(files, TEMPLATE_FILE));
        }
        templates.values().removeIf(String::isBlank);
        JsonNode adds = config.path("add_bos_token");
        Set<Integer> ends = new TreeSet<>();
        JsonNode end = json(files, GENERATION_FILE).path("eos_token_id");
        (end.isArray() ? end : List.of(end)).forEach(id -> {
            if (id.isInt()) {
                ends.add(id.asInt());
            }
        });
        return new TokenizerConfig(tokens, templates, adds.isBoolean() ? adds.asBoolean() : null, ends);
    }

    /** A token is written as its spelling, or as an object with that. */
    private static String spelling(JsonNode token) {
        return token.isObject() ? token.path("content").asString(null) : token.isString() ? token.asString() : null;
    }

    private static ObjectNode json(Map<String, byte[]> files, String name) {
        if (!files.containsKey(name)) {
            return TokenizerJson.parse("{}");
        }
        try {
            return TokenizerJson.parse(text(files, name));
        } catch (IllegalArgumentException problem) {
            throw new IllegalArgumentException(name + ": " + problem.getMessage(), problem);
        }
    }

    private static String text(Map<String, byte[]> files, String name) {
        return new String(files.get(name), StandardCharsets.UTF_8);
    }
}
