package perdure.template;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Templates of published models and what transformers renders with them, where the file is there. */
class PublishedTemplatesTest {
    private static final Path CASES =
            Path.of(System.getProperty("perdure.templates", "../shared/data/templates/cases.json"));
    /** When the answers were made. */
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 26, 12, 0);

    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void renderLikeTransformers() throws IOException {
        Assumptions.assumeTrue(Files.isReadable(CASES), "no " + CASES);
        JsonNode file = JSON.readTree(CASES.toFile());
        List<Executable> checks = new ArrayList<>();
        for (JsonNode one : file.get("cases")) {
            checks.add(() -> check(
                    one, file.get("templates").get(one.get("template").asText()).asText()));
        }
        assertFalse(checks.isEmpty());
        assertAll(checks);
    }

    @SuppressWarnings("unchecked")
    private static void check(JsonNode one, String source) {
        Map<String, Object> variables = JSON.convertValue(one.get("args"), Map.class);
        String name = one.get("template").asText() + ", " + one.get("case").asText();
        Template template = Template.parse(source);
        if (one.hasNonNull("ok")) {
            assertEquals(one.get("ok").asText(), template.render(variables, NOW).text(), name);
        } else {
            TemplateException fault =
                    assertThrows(TemplateException.class, () -> template.render(variables, NOW), name);
            assertEquals(one.get("error").asText(), "TemplateError: " + fault.getMessage(), name);
        }
    }
}
