package perdure.export;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import perdure.safetensors.DamagedFileException;
import perdure.tokenizer.JsonProblem;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON files about text in a model's folder: {@code tokenizer.json} and those beside it. */
final class ModelFiles {

    static final String TOKENIZER = "tokenizer.json";
    static final String TOKENIZER_CONFIG = "tokenizer_config.json";
    static final String GENERATION_CONFIG = "generation_config.json";
    static final String CHAT_TEMPLATE = "chat_template.jinja";

    /** The name of the template that is used unless another is asked for. */
    static final String DEFAULT_TEMPLATE = "default";

    private static final long MAXIMUM_SIZE = 256L << 20;

    /** Without the limits that guard against strangers: a file's size is limited, and a token may be long. */
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .build();

    private final Path folder;
    private final JsonNode tokenizer;
    private final JsonNode tokenizerConfig;
    private final JsonNode generationConfig;
    private final Map<String, Integer> ids = new HashMap<>();
    private final Map<Integer, String> tokens = new HashMap<>();

    /**
     * Reads the files of a folder.
     *
     * @throws DamagedFileException if one is not what its name says
     * @throws UncheckedIOException if one cannot be read
     */
    ModelFiles(Path folder) {
        this.folder = folder;
        tokenizer = json(TOKENIZER);
        tokenizerConfig = json(TOKENIZER_CONFIG);
        generationConfig = json(GENERATION_CONFIG);
        tokenizer.at("/model/vocab").properties().forEach(entry -> add(entry.getKey(), entry.getValue()));
        tokenizer
                .path("added_tokens")
                .forEach(added -> add(added.path("content").asString(), added.path("id")));
    }

    private void add(String token, JsonNode id) {
        ids.put(token, id.asInt(-1));
        tokens.put(id.asInt(-1), token);
    }

    private JsonNode json(String name) {
        Path file = folder.resolve(name);
        try {
            return Files.exists(file) ? JSON.readTree(text(file)) : MissingNode.getInstance();
        } catch (JacksonException problem) {
            throw new DamagedFileException(file, "is not JSON: " + JsonProblem.inFile(problem));
        }
    }

    /** A {@code config.json} that names another element type of the weights. */
    static byte[] withDtype(byte[] config, String dtype) {
        ObjectNode tree = (ObjectNode) JSON.readTree(config);
        tree.put("dtype", dtype);
        if (tree.has("torch_dtype")) {
            tree.put("torch_dtype", dtype); // of transformers 4
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree);
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > MAXIMUM_SIZE) {
                throw new DamagedFileException(file, "is larger than " + MAXIMUM_SIZE + " bytes");
            }
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException problem) {
            throw new UncheckedIOException(file + ": " + problem, problem);
        }
    }

    JsonNode tokenizer() {
        return tokenizer;
    }

    /** The token of that id, as the vocabulary spells it. */
    String token(int id) {
        return tokens.getOrDefault(id, "");
    }

    /**
     * Id of a special token, such as {@code bos_token}: what {@code tokenizer_config.json} says, else {@code
     * generation_config.json}; null if neither does.
     */
    Integer idOf(String special) {
        JsonNode named = tokenizerConfig.path(special);
        Integer id = ids.get((named.isObject() ? named.path("content") : named).asString(""));
        List<Integer> generation = numbers(generationConfig.path(special + "_id"));
        return id != null ? id : generation.isEmpty() ? null : generation.get(0);
    }

    /**
     * Id of the token that ends an answer.
     *
     * @throws DamagedFileException if the files name none
     */
    int endOfAnswer() {
        Integer id = idOf("eos_token");
        if (id == null) {
            throw new DamagedFileException(folder.resolve(TOKENIZER_CONFIG), "names no eos_token");
        }
        return id;
    }

    /** All ids that end a text. */
    Set<Integer> endsOfText() {
        Set<Integer> ends = new LinkedHashSet<>(List.of(endOfAnswer()));
        ends.addAll(numbers(generationConfig.path("eos_token_id")));
        return ends;
    }

    private static List<Integer> numbers(JsonNode value) {
        List<Integer> numbers = new ArrayList<>();
        (value.isArray() ? value : List.of(value)).forEach(each -> {
            if (each.isInt()) {
                numbers.add(each.intValue());
            }
        });
        return numbers;
    }

    /** Whether that token is put before every text. */
    boolean addsBeginning(int begin) {
        JsonNode told = tokenizerConfig.path("add_bos_token");
        return told.isBoolean() ? told.booleanValue() : addsFirst(tokenizer.path("post_processor"), token(begin));
    }

    private static boolean addsFirst(JsonNode processor, String token) {
        for (JsonNode part : processor.path("processors")) {
            if (addsFirst(part, token)) {
                return true;
            }
        }
        return processor.at("/single/0/SpecialToken/id").asString("").equals(token);
    }

    /** The chat templates by name; empty if the model has none. */
    Map<String, String> chatTemplates() {
        Map<String, String> templates = new LinkedHashMap<>();
        JsonNode told = tokenizerConfig.path("chat_template");
        Path file = folder.resolve(CHAT_TEMPLATE);
        if (Files.exists(file)) {
            templates.put(DEFAULT_TEMPLATE, text(file));
        } else if (told.isString()) {
            templates.put(DEFAULT_TEMPLATE, told.stringValue());
        }
        for (JsonNode named : told.isArray() ? told : List.<JsonNode>of()) {
            templates.putIfAbsent(
                    named.path("name").asString(), named.path("template").asString());
        }
        return templates;
    }
}
