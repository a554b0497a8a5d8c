package perdure.server.openai;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A JSON object of a request, read strictly: unknown fields are refused, and so are values of the wrong type. */
final class RequestFields {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** 1 and 1.0 are the same. */
    private static final Comparator<JsonNode> SAME_VALUE = (one, other) -> one.isNumber() && other.isNumber()
            ? Double.compare(one.doubleValue() + 0.0, other.doubleValue() + 0.0)
            : one.equals(other) ? 0 : 1;

    private final JsonNode object;
    /** Prefix of the names in messages. */
    private final String path;

    private final Set<String> asked = new HashSet<>();

    private RequestFields(JsonNode object, String path) {
        this.object = object;
        this.path = path;
    }

    static RequestFields parse(byte[] body) {
        JsonNode root;
        try {
            root = MAPPER.readTree(body);
        } catch (JacksonException malformed) {
            if (malformed instanceof StreamConstraintsException) {
                throw RefusedRequestException.invalid(
                        null, "The body is nested too deeply, or has a name or a number that is too long.");
            }
            String where = malformed.getLocation() == null
                    ? ""
                    : " (line " + malformed.getLocation().getLineNr() + ", column "
                            + malformed.getLocation().getColumnNr() + ")";
            throw RefusedRequestException.invalid(
                    null, "The body is not well-formed JSON, or has a field twice" + where + ".");
        }
        return of(root, "The body", "");
    }

    private static RequestFields of(JsonNode node, String what, String path) {
        if (!node.isObject()) {
            throw RefusedRequestException.invalid(path.isEmpty() ? null : what, what + " must be a JSON object.");
        }
        return new RequestFields(node, path);
    }

    /** Null if it is absent or null. */
    JsonNode any(String name) {
        asked.add(name);
        JsonNode value = object.get(name);
        return value == null || value.isNull() ? null : value;
    }

    /** The name of a field in messages. */
    String path(String name) {
        return path + name;
    }

    /** Null if absent. */
    String text(String name) {
        JsonNode value = any(name);
        require(value == null || value.isString(), name, "a string");
        return value == null ? null : value.stringValue();
    }

    /** @param kind what {@code range} holds for, as in "a number from 0 to 1" */
    double number(String name, double absent, DoublePredicate range, String kind) {
        JsonNode value = any(name);
        require(value == null || value.isNumber() && range.test(value.doubleValue()), name, kind);
        return value == null ? absent : value.doubleValue();
    }

    /** A whole number, which may be written as 1.0. */
    long whole(String name, long least, long most, long absent) {
        JsonNode value = any(name);
        if (value == null) {
            return absent;
        }
        // As doubles, whole numbers are exact up to 2^53; 1e999 is infinite.
        boolean fits = value.isIntegralNumber()
                ? value.canConvertToLong()
                : value.isNumber()
                        && Math.rint(value.doubleValue()) == value.doubleValue()
                        && Math.abs(value.doubleValue()) <= 1L << 53;
        long number = !fits ? 0 : value.isIntegralNumber() ? value.longValue() : (long) value.doubleValue();
        require(fits && number >= least && number <= most, name, "a whole number " + range(least, most));
        return number;
    }

    private static String range(long least, long most) {
        return most == Long.MAX_VALUE && least != Long.MIN_VALUE
                ? "of at least " + least
                : "from " + least + " to " + most;
    }

    boolean flag(String name) {
        JsonNode value = any(name);
        require(value == null || value.isBoolean(), name, "true or false");
        return value != null && value.booleanValue();
    }

    /** Null if absent. */
    RequestFields object(String name) {
        JsonNode value = any(name);
        return value == null ? null : of(value, path + name, path + name + ".");
    }

    /** Empty if absent. */
    List<JsonNode> list(String name, int most) {
        JsonNode value = any(name);
        require(
                value == null || value.isArray() && value.size() <= most,
                name,
                "an array of at most " + most + " elements");
        return value == null ? List.of() : List.copyOf(value.values());
    }

    /** The objects of an array; empty if absent. */
    List<RequestFields> objects(String name, int most) {
        List<JsonNode> nodes = list(name, most);
        return IntStream.range(0, nodes.size())
                .mapToObj(index -> {
                    String place = path + name + "[" + index + "]";
                    return of(nodes.get(index), place, place + ".");
                })
                .toList();
    }

    /** Accepts a field that this server knows but does not support, if its value asks for nothing. */
    void neutral(String name, String... accepted) {
        JsonNode value = any(name);
        boolean asksForNothing = value == null
                || Stream.of(accepted).map(MAPPER::readTree).anyMatch(other -> other.equals(SAME_VALUE, value));
        String values = Stream.of(accepted).distinct().collect(Collectors.joining(" or "));
        require(asksForNothing, name, values + ", since nothing else is supported");
    }

    void ignore(String... names) {
        asked.addAll(List.of(names));
    }

    /**
     * Refuses the fields that nothing has read; call it last. A null field counts as absent, since some clients send
     * all fields.
     */
    void refuseOthers() {
        object.propertyNames().stream()
                .filter(name -> !asked.contains(name) && !object.get(name).isNull())
                .findFirst()
                .ifPresent(name -> {
                    throw RefusedRequestException.unknownField(path + name, Spelling.nearest(name, asked));
                });
    }

    void require(boolean holds, String name, String kind) {
        if (!holds) {
            throw RefusedRequestException.invalid(path + name, path + name + " must be " + kind + ".");
        }
    }
}
