package perdure.chat.constraint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads a JSON schema: the keywords that OpenAI's structured outputs know. Keywords that only describe are passed over,
 * and every other keyword is refused, so that no answer breaks what it asks for.
 */
final class SchemaReader {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final SchemaKeywords NOTHING_ASKED = new SchemaKeywords(MAPPER.createObjectNode(), "");

    private static final int MOST_SCHEMAS = 1_000;
    private static final int MOST_NESTING = 200;
    private static final int MOST_LITERAL_BYTES = 100_000;
    /** An answer of this many bytes is longer than any request may ask for. */
    private static final int MOST_LEAST_BYTES = 100_000;

    private final JsonNode document;
    private final List<Schema> all = new ArrayList<>();
    private final Map<String, AnyOfSchema> references = new HashMap<>();
    private AnyOfSchema any;
    private int schemas;
    private int nesting;
    private int literalBytes;

    SchemaReader(JsonNode document) {
        this.document = document;
    }

    /** @throws SchemaException if it is no schema, or asks for what is not supported or does not exist */
    Schema read() {
        Schema root = read(document, "");
        measure();
        if (!root.fits(0)) {
            throw new SchemaException("", "is satisfied by no value that can be written");
        } else if (root.least() > MOST_LEAST_BYTES) {
            throw new SchemaException(
                    "",
                    "has no value of less than " + root.least() + " bytes; at most " + MOST_LEAST_BYTES
                            + " are written");
        }
        return root;
    }

    static Schema anyObject() {
        SchemaReader reader = new SchemaReader(null);
        Schema object = reader.made(new MapSchema(reader.any()));
        reader.measure();
        return object;
    }

    /** Finds the shortest values: those of schemas that contain themselves come from those of their other parts. */
    private void measure() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Schema schema : all) {
                changed |= schema.measure();
            }
        }
    }

    private <S extends Schema> S made(S schema) {
        all.add(schema);
        return schema;
    }

    private Schema any() {
        if (any == null) {
            any = made(new AnyOfSchema());
            NOTHING_ASKED.types().forEach(type -> any.add(typed(type, NOTHING_ASKED)));
        }
        return any;
    }

    private Schema read(JsonNode node, String path) {
        count(path);
        if (++nesting > MOST_NESTING) {
            throw new SchemaException(
                    path, "is nested too deep: there may be " + MOST_NESTING + " schemas inside each other");
        }
        Schema schema = node.isBoolean()
                ? (node.booleanValue() ? any() : made(new AnyOfSchema()))
                : read(new SchemaKeywords(node, path));
        nesting--;
        return schema;
    }

    private void count(String path) {
        if (++schemas > MOST_SCHEMAS) {
            throw new SchemaException(path, "is one schema too many: there may be " + MOST_SCHEMAS);
        }
    }

    private Schema read(SchemaKeywords keywords) {
        if (keywords.has("$ref")) {
            keywords.requireOnly("$ref");
            return reference(keywords);
        } else if (keywords.has("anyOf")) {
            keywords.requireOnly("anyOf");
            AnyOfSchema schema = made(new AnyOfSchema());
            several(keywords, "anyOf").forEach(schema::add);
            return schema;
        } else if (keywords.has("enum") || keywords.has("const")) {
            keywords.requireOnly(
                    keywords.has("enum") ? "enum" : "const", keywords.has("enum") ? "const" : "enum", "type");
            List<byte[]> values = keywords.values().stream()
                    .map(value -> literal(value, keywords.path()))
                    .toList();
            return made(values.isEmpty() ? new AnyOfSchema() : new EnumSchema(values));
        }
        keywords.requireOnly();
        AnyOfSchema types = new AnyOfSchema();
        keywords.types().forEach(type -> types.add(typed(type, keywords)));
        return made(types);
    }

    private List<Schema> several(SchemaKeywords keywords, String keyword) {
        List<JsonNode> nodes = keywords.list(keyword, "schemas");
        List<Schema> read = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            read.add(read(nodes.get(i), keywords.path(keyword) + "[" + i + "]"));
        }
        return read;
    }

    private Schema reference(SchemaKeywords keywords) {
        JsonNode target = keywords.node().get("$ref");
        String pointer = target.isString() ? target.stringValue() : "";
        if (!pointer.equals("#") && !pointer.startsWith("#/")) {
            throw keywords.fault(
                    "$ref", "must be # or begin with #/: references inside the schema are followed, no others");
        }
        AnyOfSchema known = references.get(pointer);
        if (known != null) {
            return known;
        }
        JsonNode found = document.at(pointer.substring(1));
        if (found.isMissingNode()) {
            throw keywords.fault("$ref", "refers to " + pointer + ", which is not there");
        }
        AnyOfSchema reference = made(new AnyOfSchema());
        references.put(pointer, reference);
        reference.add(read(found, pointer.replaceFirst("^#/?", "").replace('/', '.')));
        return reference;
    }

    private Schema typed(String type, SchemaKeywords keywords) {
        return switch (type) {
            case "object" -> object(keywords);
            case "array" ->
                made(new ArraySchema(
                        several(keywords, "prefixItems"),
                        others(keywords, "items"),
                        keywords.count("minItems", 0),
                        keywords.count("maxItems", Integer.MAX_VALUE)));
            case "string" ->
                made(new StringSchema(keywords.count("minLength", 0), keywords.count("maxLength", Integer.MAX_VALUE)));
            case "boolean" -> made(new EnumSchema(List.of("true".getBytes(UTF_8), "false".getBytes(UTF_8))));
            case "null" -> made(new EnumSchema(List.of("null".getBytes(UTF_8))));
            default -> {
                boolean whole = type.equals("integer");
                yield made(new NumberSchema(whole, keywords.least(whole), keywords.most(whole)));
            }
        };
    }

    /** The schema of a keyword for all that has no schema of its own: anything, where it is absent. */
    private Schema others(SchemaKeywords keywords, String keyword) {
        JsonNode schema = keywords.node().get(keyword);
        return schema == null ? any() : read(schema, keywords.path(keyword));
    }

    private Schema object(SchemaKeywords keywords) {
        Map<String, JsonNode> properties = keywords.properties();
        Set<String> required = keywords.required();
        Schema others = others(keywords, "additionalProperties");
        if (properties.isEmpty() && required.isEmpty()) {
            return made(new MapSchema(others));
        }
        List<ObjectSchema.Property> read = new ArrayList<>();
        properties.forEach((name, schema) -> {
            String path = keywords.path("properties") + "." + name;
            read.add(new ObjectSchema.Property(written(name, path), read(schema, path), required.remove(name)));
        });
        for (String name : required) {
            count(keywords.path("required"));
            read.add(new ObjectSchema.Property(written(name, keywords.path("required")), others, true));
        }
        return made(new ObjectSchema(read));
    }

    /** A name with quotes and a colon. */
    private byte[] written(String name, String path) {
        byte[] quoted = literal(MAPPER.getNodeFactory().stringNode(name), path);
        byte[] withColon = Arrays.copyOf(quoted, quoted.length + 1);
        withColon[quoted.length] = ':';
        return withColon;
    }

    private byte[] literal(JsonNode value, String path) {
        String written = value.toString();
        if (!UTF_8.newEncoder().canEncode(written)) {
            throw new SchemaException(path, "holds half of a surrogate pair");
        }
        byte[] bytes = written.getBytes(UTF_8);
        literalBytes += bytes.length;
        if (literalBytes > MOST_LITERAL_BYTES) {
            throw new SchemaException(
                    path, "is too much: all names and values together may have " + MOST_LITERAL_BYTES + " bytes");
        }
        return bytes;
    }
}
