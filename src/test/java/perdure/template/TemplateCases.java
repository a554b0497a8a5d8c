package perdure.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Templates with what jinja2 made of them, as {@code scripts/golden/template.py} writes them: one JSON object a line with
 * {@code template}, {@code variables} (those of the first line if there are none), and {@code text} and {@code generation} or {@code error}.
 */
final class TemplateCases {
    /** The time that the script tells jinja2. */
    static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 26, 9, 5, 7);

    private static final ObjectMapper JSON = new ObjectMapper();

    private TemplateCases() {}

    /** What differs from jinja2, one description for each case that does. */
    static List<String> differences(Path file) throws IOException {
        List<String> differences = new ArrayList<>();
        int count = 0;
        JsonNode shared = null;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                ObjectNode one = (ObjectNode) JSON.readTree(line);
                if (!one.has("template")) {
                    shared = one.get("variables");
                    continue;
                }
                count++;
                one.putIfAbsent("variables", shared);
                String expected = expected(one);
                String actual = actual(one);
                if (!matches(expected, actual)) {
                    String template = one.get("template").asText();
                    String name = one.has("name") ? one.get("name").asText() : template;
                    differences.add(name + "\n    jinja2:  " + expected + "\n    perdure: " + actual);
                }
            }
        }
        if (count == 0) {
            throw new IllegalStateException("There are no cases in " + file + ".");
        }
        return differences;
    }

    private static String expected(JsonNode one) {
        if (one.has("error")) {
            return "error " + one.get("error").asText();
        }
        return JSON.valueToTree(one.get("text").asText()) + " "
                + spans(one.get("text").asText(), one.get("generation"));
    }

    /** Python counts code points. */
    private static List<Rendered.Span> spans(String text, JsonNode generation) {
        List<Rendered.Span> spans = new ArrayList<>();
        generation.forEach(span -> spans.add(new Rendered.Span(
                text.offsetByCodePoints(0, span.get(0).asInt()),
                text.offsetByCodePoints(0, span.get(1).asInt()))));
        return spans;
    }

    @SuppressWarnings("unchecked")
    private static String actual(JsonNode one) {
        Map<String, Object> variables = JSON.convertValue(one.get("variables"), Map.class);
        try {
            Rendered rendered = Template.parse(one.get("template").asText()).render(variables, NOW);
            return JSON.valueToTree(rendered.text()) + " " + rendered.generation();
        } catch (TemplateException fault) {
            return "error " + fault.getMessage();
        }
    }

    /** Faults need not have the same words, but for those that a template raises. */
    private static boolean matches(String expected, String actual) {
        String raised = "error TemplateError: ";
        if (expected.startsWith(raised)) {
            return actual.equals("error " + expected.substring(raised.length()));
        }
        return expected.startsWith("error ") ? actual.startsWith("error ") : actual.equals(expected);
    }
}
