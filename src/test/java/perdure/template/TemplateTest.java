package perdure.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 6, 9, 5);

    private static String render(String source, Map<String, ?> variables) {
        return Template.parse(source).render(variables, NOW).text();
    }

    private static String fault(String source) {
        return assertThrows(TemplateException.class, () -> render(source, Map.of()))
                .getMessage();
    }

    @Test
    void rendersAConversation() {
        String source = """
                {%- for message in messages %}
                    {%- if message.role == 'user' %}
                        {{- '<user>' + message.content | trim }}
                    {%- else %}
                        {{- '<model>' ~ message['content'] }}
                    {%- endif %}
                {%- endfor %}
                {%- if add_generation_prompt %}{{ '<model>' }}{% endif %}
                """;
        List<Map<String, String>> messages =
                List.of(Map.of("role", "user", "content", " Hello "), Map.of("role", "assistant", "content", "Hi!"));
        assertEquals(
                "<user>Hello<model>Hi!<model>",
                render(source, Map.of("messages", messages, "add_generation_prompt", true)));
    }

    @Test
    void tellsWhatTheModelIsToGenerate() {
        String source = "{% for m in messages %}[{% generation %}{{ m }}{% endgeneration %}]{% endfor %}";
        Rendered rendered = Template.parse(source).render(Map.of("messages", List.of("one", "", "\ud83e\udd99")), NOW);
        assertEquals("[one][][\ud83e\udd99]", rendered.text());
        assertEquals(
                List.of(new Rendered.Span(1, 4), new Rendered.Span(6, 6), new Rendered.Span(8, 10)),
                rendered.generation());
    }

    @Test
    void neverReadsContentAsATemplate() {
        String content = "{{ 7 * 7 }}{% raw %}{# no #}{% generation %}";
        assertEquals(content, render("{{ content }}", Map.of("content", content)));
    }

    @Test
    void takesTheTimeFromItsCaller() {
        assertEquals("06 Nov 2026, 9 AM", render("{{ strftime_now('%d %b %Y, %-I %p') }}", Map.of()));
    }

    @Test
    void failsInTheWordsOfTheTemplate() {
        assertEquals("Roles must alternate!", fault("{{ raise_exception('Roles must alternate!') }}"));
    }

    @Test
    void namesTheLineOfAFault() {
        assertEquals("line 2: there is no filter named 'nosuch'", fault("a\n{{ b | nosuch }}"));
        assertEquals("line 1: there is no test named 'nosuch'", fault("{{ b is nosuch }}"));
        assertEquals("line 3: unknown tag 'include'", fault("\n\n{% include 'x' %}"));
        assertEquals("line 2: 'b' is undefined", fault("a\n{{ b.c }}"));
    }

    @Test
    void refusesOtherTypesOfJava() {
        assertThrows(IllegalArgumentException.class, () -> render("", Map.of("a", new Object())));
    }
}
