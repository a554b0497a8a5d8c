package perdure.template;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Every construct against Python's jinja2, set up as transformers sets it up. */
class GoldenTemplatesTest {
    @Test
    void constructsMeanWhatTheyMeanInPython() throws IOException {
        assertNoDifference(Path.of("src/test/resources/golden/template/cases.jsonl"));
    }

    /** More cases, which {@code scripts/golden/template.py --random} makes. */
    @Test
    @EnabledIfSystemProperty(named = "perdure.template.cases", matches = ".+")
    void randomTemplatesMeanWhatTheyMeanInPython() throws IOException {
        assertNoDifference(Path.of(System.getProperty("perdure.template.cases")));
    }

    private static void assertNoDifference(Path cases) throws IOException {
        List<String> differences = TemplateCases.differences(cases);
        assertEquals("", String.join("\n", differences), differences.size() + " differences");
    }
}
