package perdure.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * The JSON form of the status, the same for the server and for {@code training_status.json}. Keys stand in the order of
 * the records, enums in lower case, and a number that is not finite is {@code null}, since JSON has no NaN.
 */
public final class StatusJson {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .addModule(new SimpleModule()
                    .addSerializer(Double.class, new FiniteOrNull())
                    .addSerializer(double.class, new FiniteOrNull()))
            .build();

    private StatusJson() {}

    /** {@code {"running":true,"current_epoch":7,"total_epochs":15,"loss":4.94}}, in UTF-8. */
    public static byte[] brief(TrainingStatus status) {
        return MAPPER.writeValueAsBytes(status);
    }

    /** The four keys of {@link #brief}, everything of {@link TrainingProgress}, {@code run}: the facts, and {@code workers} if there are several; in UTF-8. */
    public static byte[] full(TrainingStatus status) {
        return MAPPER.writeValueAsBytes(new Full(status, status.progress(), status.run(), status.workers()));
    }

    /**
     * Reads what {@link #full} wrote. Keys that are missing are null or zero, and unknown ones are ignored.
     *
     * @throws IllegalArgumentException if it is no such JSON
     */
    public static TrainingStatus read(byte[] full) {
        try {
            JsonNode status = MAPPER.readTree(full);
            TrainingProgress progress = MAPPER.treeToValue(status, TrainingProgress.class);
            if (progress == null || !progress.isComplete()) {
                throw new IllegalArgumentException("a part of the status is missing");
            }
            return new TrainingStatus(
                    status.path("running").asBoolean(false),
                    status.path("current_epoch").asInt(0),
                    status.path("total_epochs").asInt(0),
                    status.path("loss").isNumber() ? status.path("loss").asDouble() : null,
                    progress,
                    MAPPER.treeToValue(status.get("run"), RunFacts.class),
                    MAPPER.treeToValue(status.get("workers"), WorkersStatus.class));
        } catch (JacksonException damaged) {
            throw new IllegalArgumentException("not the JSON of a status.", damaged);
        }
    }

    private record Full(
            @JsonUnwrapped TrainingStatus status,
            @JsonUnwrapped TrainingProgress progress,
            RunFacts run,
            @JsonInclude(JsonInclude.Include.NON_NULL) WorkersStatus workers) {}

    private static final class FiniteOrNull extends StdSerializer<Double> {

        FiniteOrNull() {
            super(Double.class);
        }

        @Override
        public void serialize(Double value, JsonGenerator generator, SerializationContext context) {
            if (Double.isFinite(value)) {
                generator.writeNumber(value);
            } else {
                generator.writeNull();
            }
        }
    }
}
