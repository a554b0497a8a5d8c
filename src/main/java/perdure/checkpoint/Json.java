package perdure.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import perdure.safetensors.DamagedFileException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** How this package reads and writes JSON: snake case, components in their order, nothing lenient. */
final class Json {

    /** Largest JSON file that is read, in bytes. */
    static final int MAXIMUM_FILE = 16 << 20;

    static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .defaultPrettyPrinter(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")))
            .build();

    private Json() {}

    /** Indented, in the same bytes on every platform. */
    static byte[] pretty(Object value) {
        return MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(value);
    }

    /** @throws DamagedFileException if the file is not JSON of that shape, or too large */
    static <T> T read(Path file, Class<T> type) throws IOException {
        byte[] bytes = bytes(file, MAXIMUM_FILE);
        try {
            T value = MAPPER.readValue(bytes, type);
            if (value == null) {
                throw new DamagedFileException(file, "holds null");
            }
            return value;
        } catch (JacksonException problem) {
            throw new DamagedFileException(file, "is not as it was written: " + firstLine(problem));
        }
    }

    /** All bytes of a file. @throws DamagedFileException if there are more than the limit */
    static byte[] bytes(Path file, int limit) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new DamagedFileException(file, "is larger than " + limit + " bytes");
            }
            return bytes;
        }
    }

    static String firstLine(JacksonException problem) {
        return problem.getOriginalMessage().lines().findFirst().orElse("unreadable");
    }
}
