package perdure.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import perdure.safetensors.DamagedFileException;
import perdure.tokenizer.JsonProblem;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * How this package reads and writes JSON. Keys are in snake case and in the order of the record's components. Unknown
 * keys are ignored, because a later version may add some. Everything else is strict: no key occurs twice, and no text
 * stands for a number.
 *
 * <p>A file states its format as the number {@code format}. Without it, the format is 1. Within a format, keys are only
 * added. A change that an earlier version could not read, or would misread, needs a higher format.
 */
final class Json {

    /** The format of every file that this version writes, and the highest that it reads. */
    static final int FORMAT = 1;

    /** The key of a file's format. */
    static final String FORMAT_KEY = "format";

    /** Largest JSON file that is read, in bytes. */
    static final int MAXIMUM_FILE = 16 << 20;

    static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .annotationIntrospector(new NumbersAreRequired())
            .defaultPrettyPrinter(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")))
            .build();

    /** Makes numbers required: Jackson would take 0 for a missing one. */
    private static final class NumbersAreRequired extends JacksonAnnotationIntrospector {

        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
            return member.getRawType().isPrimitive() ? Boolean.TRUE : super.hasRequiredMarker(config, member);
        }
    }

    private Json() {}

    /** A value as indented JSON, in the same bytes on every platform. */
    static byte[] pretty(Object value) {
        return MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(value);
    }

    /** As {@link #pretty}, with the format as the first key. */
    static byte[] prettyWithFormat(Object value) {
        ObjectNode object = MAPPER.createObjectNode().put(FORMAT_KEY, FORMAT);
        return pretty(object.setAll((ObjectNode) MAPPER.valueToTree(value)));
    }

    /**
     * Reads a file of a known format. A missing number is an error. Anything else that is missing is null.
     *
     * @throws DamagedFileException that names the file and the key, if the file is not JSON of that shape
     * @throws NewerFormatException if its format is higher than {@link #FORMAT}
     */
    static <T> T read(Path file, Class<T> type) throws IOException {
        JsonNode tree = parse(file, bytes(file, MAXIMUM_FILE));
        requireKnownFormat(file, tree);
        return convert(file, tree, type);
    }

    /**
     * Parses a JSON object.
     *
     * @throws DamagedFileException if the bytes are not a JSON object
     */
    static JsonNode parse(Path file, byte[] bytes) {
        if (bytes.length == 0) {
            throw new DamagedFileException(file, "is empty");
        }
        try {
            JsonNode tree = MAPPER.readTree(bytes);
            if (!tree.isObject()) {
                throw new DamagedFileException(file, "is not a JSON object: " + JsonProblem.shown(tree));
            }
            return tree;
        } catch (JacksonException problem) {
            throw new DamagedFileException(file, "is not JSON: " + JsonProblem.inFile(problem));
        }
    }

    /**
     * Checks the format that a file states, if it does.
     *
     * @throws DamagedFileException if the format is not a whole number from 1
     * @throws NewerFormatException if it is higher than {@link #FORMAT}
     */
    static void requireKnownFormat(Path file, JsonNode tree) {
        JsonNode format = tree.path(FORMAT_KEY);
        if (format.isMissingNode()) {
            return;
        }
        if (!format.isIntegralNumber() || format.bigIntegerValue().signum() <= 0) {
            throw new DamagedFileException(
                    file, "format is " + JsonProblem.shown(format) + ", not a whole number from 1");
        }
        if (!format.canConvertToInt() || format.intValue() > FORMAT) {
            throw new NewerFormatException(file, JsonProblem.shown(format));
        }
    }

    /**
     * Converts a parsed file to a record.
     *
     * @throws DamagedFileException that names the file and the key that is missing or wrong
     */
    static <T> T convert(Path file, JsonNode tree, Class<T> type) {
        try {
            return MAPPER.treeToValue(tree, type);
        } catch (JacksonException problem) {
            throw new DamagedFileException(file, JsonProblem.of(tree, problem));
        }
    }

    /**
     * All bytes of a file.
     *
     * @throws DamagedFileException if there are more than {@code limit}, or if it is no regular file
     */
    static byte[] bytes(Path file, int limit) throws IOException {
        DamagedFileException.requireFile(file);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new DamagedFileException(file, "is larger than " + limit + " bytes");
            }
            return bytes;
        }
    }
}
