package perdure.chat.constraint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.List;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A strict JSON parser and a schema validator that others wrote. */
public final class SchemaJudge {
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private SchemaJudge() {}

    public static JsonNode read(String json) {
        return STRICT.readTree(json);
    }

    public static List<Error> errors(JsonNode schema, String json) {
        return REGISTRY.getSchema(schema).validate(read(json));
    }

    public static void check(JsonNode schema, String json) {
        List<Error> errors = errors(schema, json);
        assertTrue(errors.isEmpty(), () -> schema + "\n" + json + "\n" + errors);
    }
}
