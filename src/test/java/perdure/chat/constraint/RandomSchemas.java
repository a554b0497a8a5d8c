package perdure.chat.constraint;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Schemas as people and programs write them, drawn by a seed, also those that refer to themselves. */
public final class RandomSchemas {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final List<String> NAMES =
            List.of("a", "b", "ab", "name", "näme", "with \"quotes\"", "x/y~z", "語", "", "items");

    private final SplittableRandom random;

    private RandomSchemas(long seed) {
        random = new SplittableRandom(seed);
    }

    public static ObjectNode of(long seed) {
        return new RandomSchemas(seed).document();
    }

    private ObjectNode document() {
        ObjectNode root = schema(random.nextInt(1, 4));
        ObjectNode definitions = MAPPER.createObjectNode();
        definitions.set("tree", tree());
        definitions.set("other", schema(1));
        return root.has("$ref")
                ? MAPPER.createObjectNode()
                        .<ObjectNode>set("$ref", root.get("$ref"))
                        .set("$defs", definitions)
                : root.set("$defs", definitions);
    }

    /** A node with children of its own kind. */
    private ObjectNode tree() {
        ObjectNode tree = MAPPER.createObjectNode().put("type", "object");
        ObjectNode properties = tree.putObject("properties");
        properties.set("value", scalar());
        properties.putObject("children").put("type", "array").putObject("items").put("$ref", "#/$defs/tree");
        tree.putArray("required").add("value").add("children");
        return tree.put("additionalProperties", false);
    }

    private ObjectNode schema(int depth) {
        int kind = random.nextInt(depth == 0 ? 4 : 10);
        ObjectNode schema =
                switch (kind) {
                    case 0, 1, 2 -> scalar();
                    case 3 -> reference();
                    case 4, 5, 6 -> object(depth);
                    case 7, 8 -> array(depth);
                    default -> anyOf(depth);
                };
        return random.nextInt(4) == 0 ? schema.put("description", "what it means") : schema;
    }

    private ObjectNode reference() {
        return MAPPER.createObjectNode()
                .put("$ref", random.nextBoolean() ? "#/$defs/tree" : "#/$defs/tree/properties/value");
    }

    private ObjectNode object(int depth) {
        ObjectNode schema = MAPPER.createObjectNode().put("type", "object");
        ArrayNode required = MAPPER.createArrayNode();
        if (random.nextInt(6) > 0) {
            ObjectNode properties = schema.putObject("properties");
            for (int i = random.nextInt(5); i > 0; i--) {
                String name = NAMES.get(random.nextInt(NAMES.size()));
                if (!properties.has(name)) {
                    properties.set(name, schema(depth - 1));
                    if (random.nextInt(3) > 0) {
                        required.add(name);
                    }
                }
            }
        }
        if (!required.isEmpty()) {
            schema.set("required", required);
        }
        switch (random.nextInt(3)) {
            case 0 -> schema.put("additionalProperties", false);
            case 1 -> schema.set("additionalProperties", scalar());
            default -> {}
        }
        return schema;
    }

    private ObjectNode array(int depth) {
        ObjectNode schema = MAPPER.createObjectNode().put("type", "array");
        if (random.nextInt(5) > 0) {
            schema.set("items", schema(depth - 1));
        }
        if (random.nextInt(5) == 0) {
            schema.putArray("prefixItems").add(schema(depth - 1)).add(scalar());
        }
        int least = random.nextInt(4);
        if (random.nextBoolean()) {
            schema.put("minItems", least);
        }
        if (random.nextBoolean()) {
            schema.put("maxItems", least + random.nextInt(3));
        }
        return schema;
    }

    private ObjectNode anyOf(int depth) {
        ObjectNode schema = MAPPER.createObjectNode();
        ArrayNode alternatives = schema.putArray("anyOf");
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            alternatives.add(schema(depth - 1));
        }
        return schema;
    }

    private ObjectNode scalar() {
        ObjectNode schema = MAPPER.createObjectNode();
        switch (random.nextInt(9)) {
            case 0 -> schema.put("type", "boolean");
            case 1 -> schema.putArray("type").add("null").add(random.nextBoolean() ? "string" : "integer");
            case 2 -> values(schema);
            case 3 -> number(schema.put("type", "integer"), 1);
            case 4 -> number(schema.put("type", "number"), 8);
            case 5 -> schema.put("type", "integer");
            case 6 -> schema.put("type", "number");
            default -> text(schema.put("type", "string"));
        }
        return schema;
    }

    private void text(ObjectNode schema) {
        int least = random.nextInt(5);
        if (random.nextInt(3) == 0) {
            schema.put("minLength", least);
        }
        if (random.nextInt(3) == 0) {
            schema.put("maxLength", least + random.nextInt(4));
        }
    }

    private void number(ObjectNode schema, int fractions) {
        long size = (long) Math.pow(10, random.nextInt(1, 8));
        double least = (double) random.nextLong(-size, size) / fractions;
        double most = least + (double) random.nextLong(2, size + 2) / fractions;
        switch (random.nextInt(4)) {
            case 0 -> schema.put("minimum", least);
            case 1 -> schema.put("maximum", most);
            case 2 -> schema.put("exclusiveMinimum", least).put("exclusiveMaximum", most);
            default -> schema.put("minimum", least).put("maximum", most);
        }
    }

    private void values(ObjectNode schema) {
        List<String> texts = new ArrayList<>(List.of("red", "re", "a \"b\" \\ c", "grün", "", "1"));
        if (random.nextInt(4) == 0) {
            schema.put("const", texts.get(random.nextInt(texts.size())));
            return;
        }
        ArrayNode values = schema.putArray("enum");
        for (int i = random.nextInt(1, 5); i > 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> values.add(random.nextInt(200));
                case 1 -> values.addNull();
                case 2 -> values.addObject().put("k", random.nextInt(5));
                default -> values.add(texts.remove(random.nextInt(texts.size())));
            }
        }
    }
}
