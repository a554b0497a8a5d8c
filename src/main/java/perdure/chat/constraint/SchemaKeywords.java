package perdure.chat.constraint;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * The keywords of one JSON schema, read strictly.
 *
 * @param path of the schema from the root; empty for the root
 */
record SchemaKeywords(JsonNode node, String path) {
    private static final Set<String> DESCRIBING = Set.of(
            "$schema",
            "$id",
            "$comment",
            "$defs",
            "definitions",
            "title",
            "description",
            "default",
            "example",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "nullable");
    private static final Set<String> ALTERNATIVES = Set.of("$ref", "anyOf", "enum", "const");
    /** The types, and the keywords that each has. */
    private static final Map<String, List<String>> TYPES = new LinkedHashMap<>();

    private static final Set<String> TYPED = new LinkedHashSet<>();

    static {
        TYPES.put("object", List.of("properties", "required", "additionalProperties"));
        TYPES.put("array", List.of("items", "prefixItems", "minItems", "maxItems"));
        TYPES.put("string", List.of("minLength", "maxLength"));
        TYPES.put("number", List.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"));
        TYPES.put("integer", TYPES.get("number"));
        TYPES.put("boolean", List.of());
        TYPES.put("null", List.of());
        TYPED.add("type");
        TYPES.values().forEach(TYPED::addAll);
    }

    /** @throws SchemaException if it is not a JSON object */
    SchemaKeywords {
        if (!node.isObject()) {
            throw new SchemaException(path, "must be a JSON object, true or false");
        }
    }

    static String join(String path, String keyword) {
        return path.isEmpty() ? keyword : path + "." + keyword;
    }

    boolean has(String keyword) {
        return node.has(keyword);
    }

    String path(String keyword) {
        return join(path, keyword);
    }

    SchemaException fault(String keyword, String fault) {
        return new SchemaException(path(keyword), fault);
    }

    /** Refuses the keywords that are not supported, or not beside these; those that only describe are passed over. */
    void requireOnly(String... supported) {
        Set<String> known = supported.length == 0 ? TYPED : Set.of(supported);
        for (String keyword : node.propertyNames()) {
            if (!known.contains(keyword) && !DESCRIBING.contains(keyword)) {
                boolean elsewhere = ALTERNATIVES.contains(keyword) || TYPED.contains(keyword);
                throw fault(keyword, elsewhere ? "is not supported beside " + supported[0] : "is not supported");
            }
        }
    }

    /** The types that it allows. Where it does not say, those that its other keywords are about are meant. */
    Set<String> types() {
        Set<String> types = new LinkedHashSet<>();
        if (has("type")) {
            JsonNode given = node.get("type");
            for (JsonNode name : given.isArray() ? given.values() : List.of(given)) {
                if (!name.isString() || !TYPES.containsKey(name.stringValue())) {
                    throw fault("type", "must be one or more of " + String.join(", ", TYPES.keySet()));
                }
                types.add(name.stringValue());
            }
        } else {
            TYPES.forEach((name, keywords) -> {
                if (keywords.stream().anyMatch(node::has)) {
                    types.add(name);
                }
            });
            types.addAll(types.isEmpty() ? TYPES.keySet() : Set.of());
        }
        if (types.contains("number")) {
            types.remove("integer");
        }
        return types;
    }

    /** An array; empty if it is absent. */
    List<JsonNode> list(String keyword, String what) {
        JsonNode values = node.path(keyword);
        if (!values.isMissingNode() && !values.isArray()) {
            throw fault(keyword, "must be an array of " + what);
        }
        return List.copyOf(values.values());
    }

    /** The names of {@code required}, in its order. */
    Set<String> required() {
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode name : list("required", "names")) {
            if (!name.isString()) {
                throw fault("required", "must be an array of names");
            }
            names.add(name.stringValue());
        }
        return names;
    }

    /** The schemas of the properties, in their order. */
    Map<String, JsonNode> properties() {
        JsonNode properties = node.path("properties");
        if (!properties.isMissingNode() && !properties.isObject()) {
            throw fault("properties", "must be a JSON object");
        }
        Map<String, JsonNode> schemas = new LinkedHashMap<>();
        properties.properties().forEach(property -> schemas.put(property.getKey(), property.getValue()));
        return schemas;
    }

    /** The values of {@code enum} or {@code const} that are of the right type. */
    List<JsonNode> values() {
        List<JsonNode> given = has("enum") ? list("enum", "values") : List.of(node.get("const"));
        Set<String> types = types();
        List<JsonNode> values = new ArrayList<>();
        for (JsonNode value : given) {
            boolean isConst = !has("const") || value.equals(node.get("const"));
            if (isConst && types.stream().anyMatch(type -> isOfType(value, type))) {
                values.add(value);
            }
        }
        return values;
    }

    private static boolean isOfType(JsonNode value, String type) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "number" -> value.isNumber();
            case "integer" -> value.isIntegralNumber();
            case "boolean" -> value.isBoolean();
            default -> value.isNull();
        };
    }

    /** A number of characters or items. */
    int count(String keyword, int absent) {
        if (!has(keyword)) {
            return absent;
        }
        double count = node.get(keyword).isNumber() ? node.get(keyword).doubleValue() : -1;
        if (count < 0 || count != Math.rint(count)) {
            throw fault(keyword, "must be a whole number from 0 on");
        }
        return (int) Math.min(count, Integer.MAX_VALUE);
    }

    /** The least number, inclusive; null if there is none. */
    BigDecimal least(boolean whole) {
        BigDecimal least = bound("minimum");
        if (!has("exclusiveMinimum")) {
            return least;
        }
        BigDecimal above = bound("exclusiveMinimum");
        BigDecimal next = whole
                ? above.setScale(0, RoundingMode.FLOOR).add(BigDecimal.ONE)
                : new BigDecimal(Math.nextUp(above.doubleValue()));
        return has("minimum") ? least.max(next) : next;
    }

    /** The largest number, inclusive; null if there is none. */
    BigDecimal most(boolean whole) {
        BigDecimal most = bound("maximum");
        if (!has("exclusiveMaximum")) {
            return most;
        }
        BigDecimal below = bound("exclusiveMaximum");
        BigDecimal next = whole
                ? below.setScale(0, RoundingMode.CEILING).subtract(BigDecimal.ONE)
                : new BigDecimal(Math.nextDown(below.doubleValue()));
        return has("maximum") ? most.min(next) : next;
    }

    private BigDecimal bound(String keyword) {
        if (!has(keyword)) {
            return null;
        }
        JsonNode bound = node.get(keyword);
        if (!bound.isNumber() || !Double.isFinite(bound.doubleValue())) {
            throw fault(keyword, "must be a number");
        }
        return bound.decimalValue();
    }
}
