package perdure.data;

import java.io.Reader;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import perdure.tokenizer.JsonProblem;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * JSON as plain values: {@link Map}, {@link List}, {@link String}, {@link Literal} and null. Reading forgives what does
 * not change a text, and what stands in values that nobody uses: NaN, huge numbers, deep nesting, long names.
 */
final class JsonValues {

    /** Most characters of one value. */
    static final int LONGEST = 16 << 20;

    /** Deeper values are cut: no text is that deep. */
    private static final int DEEPEST = 100;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(1 << 20)
                    .maxNameLength(LONGEST)
                    .maxNumberLength(LONGEST)
                    .maxStringLength(LONGEST)
                    .build())
            .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
            .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
            .build();

    private final JsonParser parser;
    private long left;

    private JsonValues(JsonParser parser) {
        this.parser = parser;
    }

    /** A number, a truth value, or a value that is too deep, as it is spelled. */
    record Literal(String text) {
        static final Literal CUT = new Literal("…");

        Object plain() {
            if (text.equals("true") || text.equals("false")) {
                return text.equals("true");
            }
            try {
                BigDecimal number = new BigDecimal(text);
                return text.matches("-?\\d+") ? number.toBigIntegerExact() : (Object) number.doubleValue();
            } catch (NumberFormatException other) {
                return text;
            }
        }

        boolean isZero() {
            return text.equals("false") || is(0);
        }

        boolean isOne() {
            return text.equals("true") || is(1);
        }

        private boolean is(double number) {
            try {
                return Double.parseDouble(text) == number;
            } catch (NumberFormatException other) {
                return false;
            }
        }
    }

    /**
     * The values of a text, one after the other, each with white space around it.
     *
     * @throws JacksonException if it is not JSON
     */
    static List<Object> all(String text) {
        List<Object> values = new ArrayList<>();
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            while (parser.nextToken() != null) {
                values.add(new JsonValues(parser).value());
            }
        }
        return values;
    }

    /** The only value of a text, or null if it is not JSON. */
    static Object only(String text) {
        try {
            List<Object> values = all(text);
            return values.size() == 1 ? values.get(0) : null;
        } catch (JacksonException other) {
            return null;
        }
    }

    static JsonParser parser(Reader reader) {
        return FACTORY.createParser(ObjectReadContext.empty(), reader);
    }

    /** The value at whose first token the parser is. */
    static Object value(JsonParser parser) {
        return new JsonValues(parser).value();
    }

    private Object value() {
        left = LONGEST;
        return value(0);
    }

    private Object value(int depth) {
        JsonToken token = parser.currentToken();
        if (depth > DEEPEST && (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY)) {
            parser.skipChildren();
            return Literal.CUT;
        }
        return switch (token) {
            case START_OBJECT -> object(depth);
            case START_ARRAY -> array(depth);
            case VALUE_STRING -> counted(parser.getString());
            case VALUE_NULL -> null;
            default -> new Literal(counted(parser.getString()));
        };
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = counted(parser.currentName());
            parser.nextToken();
            object.put(name, value(depth + 1));
        }
        return object;
    }

    private List<Object> array(int depth) {
        List<Object> array = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            array.add(value(depth + 1));
        }
        return array;
    }

    private String counted(String text) {
        left -= 1 + text.length();
        if (left < 0) {
            throw new RowException("is longer than " + LONGEST + " characters.");
        }
        return text;
    }

    /** What is wrong with a text that is not JSON, to follow the name of the place. */
    static String problem(JacksonException exception) {
        return "is not JSON: " + Quoted.line(JsonProblem.of(exception)) + ".";
    }

    /** A value with numbers and truth values as Java has them, for chat templates. */
    static Object plain(Object value) {
        if (value instanceof Map<?, ?> object) {
            Map<String, Object> plain = new LinkedHashMap<>();
            object.forEach((key, item) -> plain.put(String.valueOf(key), plain(item)));
            return plain;
        }
        if (value instanceof List<?> array) {
            List<Object> plain = new ArrayList<>();
            array.forEach(item -> plain.add(plain(item)));
            return plain;
        }
        return value instanceof Literal literal ? literal.plain() : value;
    }

    /** A value as JSON in the spelling of Python, which chat templates use. */
    static String json(Object value) {
        if (value instanceof String text) {
            StringBuilder quoted = new StringBuilder("\"");
            JsonStringEncoder.getInstance().quoteAsString(text, quoted);
            return quoted.append('"').toString();
        }
        if (value instanceof Map<?, ?> object) {
            Iterator<? extends Map.Entry<?, ?>> entries = object.entrySet().iterator();
            StringBuilder json = new StringBuilder("{");
            while (entries.hasNext()) {
                Map.Entry<?, ?> entry = entries.next();
                json.append(json(entry.getKey())).append(": ").append(json(entry.getValue()));
                json.append(entries.hasNext() ? ", " : "");
            }
            return json.append('}').toString();
        }
        if (value instanceof List<?> array) {
            return array.stream().map(JsonValues::json).collect(Collectors.joining(", ", "[", "]"));
        }
        return value instanceof Literal literal ? literal.text() : String.valueOf(value);
    }
}
