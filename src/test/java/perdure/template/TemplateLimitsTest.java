package perdure.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No template takes for ever, and none fails in another way than by its exception. */
class TemplateLimitsTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 26, 9, 5);
    private static final long SMALL_STACK = 512 << 10;

    private static final Map<String, Object> VARIABLES = Map.of(
            "s", "Hello \ud83e\udd99", "n", 3, "l", List.of("b", "a", 1, 2.5), "d", Map.of("a", 1, "b", List.of("x")));

    /** In a thread with half the stack of an ordinary one. */
    private static Throwable failure(String source) throws InterruptedException {
        List<Throwable> failures = new ArrayList<>();
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        Template.parse(source).render(VARIABLES, NOW);
                    } catch (Throwable failure) {
                        failures.add(failure);
                    }
                },
                "template",
                SMALL_STACK);
        thread.start();
        thread.join();
        return failures.isEmpty() ? null : failures.get(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
                "{% for x in [[]] recursive %}{{ loop([1]) }}{% endfor %}",
                "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x=1) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
                "{% set ns = namespace(x=1) %}{% for a in range(99) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}",
                "{% set ns = namespace(x=1) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
                "{% set ns = namespace(x=1, y=1) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}"
                        + "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
                "{% set ns = namespace(x=1) %}{% for a in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
                "{% set ns = namespace(x=1) %}{% for a in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}",
                "{% set ns = namespace(x=1) %}{% for a in range(9999) %}{% set ns.x = {1: ns.x} %}{% endfor %}{{ ns.x == ns.x }}"
                        + "{{ ns.x | tojson(indent=9) }}",
                "{% set ns = namespace(x=l) %}{% for a in range(9999) %}{% set ns.x = ns.x | map('string') %}{% endfor %}"
                        + "{{ ns.x | list }}",
                "{% set ns = namespace(a=1) %}{% set ns.a = ns %}{{ ns }}",
                "{% set x = 'x' * 9999999 %}{% for a in range(99999) %}{% if x in x %}{% endif %}{% endfor %}",
                "{% set x = 'x' * 9999999 %}{% for a in range(99999) %}{% set y = x | length %}{% endfor %}",
                "{% set x = ('a' * 4999999) ~ 'b' %}{{ x in 'a' * 9999999 }}",
                "{% set x = 'x' * 9999999 %}{% for a in range(99999) %}{{ x }}{% endfor %}",
                "{{ 'x' * 999999999999 }}",
                "{{ ('x' * 9999) | replace('x', 'y' * 9999) }}",
                "{{ ('x' * 9999) | replace('', 'y' * 9999) }}",
                "{{ ('y' * 9999).join('x' * 9999) }}",
                "{{ [1] * 999999999999 }}",
                "{{ 10 ** 99999999 }}",
                "{{ 2 ** 8000 * 2 ** 8000 }}",
                "{{ '%999999999d' % 1 }}",
                "{{ '%.999999999f' % 1 }}",
                "{{ '%s' * 9999999 % 1 }}",
                "{{ '{:999999999}'.format(1) }}",
                "{{ 's' | center(99999999999) }}",
                "{{ 's'.zfill(99999999999) }}",
                "{{ 's' | indent(99999999999) }}",
                "{{ ('a\n' * 99999) | indent(9999) }}",
                "{{ [[[]]] | tojson(indent=99999999) }}",
                "{{ [1] | batch(99999999999, 0) | list }}",
                "{{ [1] | slice(99999999999) | list }}",
                "{{ range(99999999999) }}",
            })
    void stopsATemplateWithoutEnd(String source) throws InterruptedException {
        Throwable failure = failure(source);
        assertEquals(TemplateException.class, failure == null ? null : failure.getClass(), String.valueOf(failure));
        assertFalse(failure.getMessage().contains("\n"), failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(", "[", "{1:", "not ", "-", "a if ", "a(", "a[", "a.b.", "a|list|", "1 + ", "1 ** ", "'x' ~ ", "1 < ",
                "a and "
            })
    void refusesOrRendersWhatIsNestedDeeply(String part) throws InterruptedException {
        for (int times : List.of(50, 5000)) {
            Throwable failure = failure("{{ " + part.repeat(times) + "b");
            assertTrue(failure instanceof TemplateException, part + ": " + failure);
            Throwable whole = failure("{{ " + part.repeat(times) + "list }}");
            assertTrue(whole == null || whole instanceof TemplateException, part + ": " + whole);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% if 1 %}",
                "{% for x in [1] %}",
                "{% set x %}",
                "{% macro m() %}",
                "{% filter trim %}",
                "{% generation %}"
            })
    void refusesTagsThatAreNestedDeeply(String tag) throws InterruptedException {
        assertTrue(failure(tag.repeat(5000)) instanceof TemplateException);
    }

    @Test
    void rendersALongConversation() {
        List<Map<String, String>> messages = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            messages.add(Map.of("role", "user", "content", "x".repeat(1000)));
        }
        String source = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content | trim }}{% endif %}{% endfor %}";
        assertEquals(
                5_000_000,
                Template.parse(source)
                        .render(Map.of("messages", messages), NOW)
                        .text()
                        .length());
    }

    @Property(tries = 5000)
    void failsInNoOtherWay(@ForAll("templates") String source) {
        try {
            Template.parse(source).render(VARIABLES, NOW);
        } catch (TemplateException fault) {
            assertFalse(fault.getMessage().isEmpty());
        }
    }

    @Provide
    Arbitrary<String> templates() {
        Arbitrary<String> words = Arbitraries.of(
                "{{",
                "}}",
                "{%",
                "%}",
                "{#",
                "#}",
                "-",
                "+",
                " ",
                "\n",
                "if",
                "elif",
                "else",
                "endif",
                "for",
                "in",
                "endfor",
                "set",
                "endset",
                "=",
                "macro",
                "endmacro",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                ":",
                ",",
                ".",
                "|",
                "is",
                "not",
                "and",
                "or",
                "recursive",
                "raw",
                "endraw",
                "generation",
                "endgeneration",
                "call",
                "endcall",
                "filter",
                "endfilter",
                "with",
                "endwith",
                "break",
                "continue",
                "s",
                "n",
                "l",
                "d",
                "x",
                "loop",
                "namespace",
                "range",
                "'a'",
                "\"",
                "'",
                "\\",
                "1",
                "2.5",
                "1e9",
                "0x",
                "*",
                "**",
                "/",
                "//",
                "%",
                "~",
                "<",
                ">=",
                "==",
                "none",
                "true",
                "defined",
                "string",
                "tojson",
                "join",
                "map",
                "select",
                "sort",
                "format",
                "'%s'",
                "'{}'",
                "items",
                "split",
                "\u00e9",
                "\ud83e\udd99",
                "\ud83e",
                "\u0000");
        Arbitrary<String> garbage =
                words.list().ofMaxSize(40).map(parts -> String.join(parts.size() % 2 == 0 ? " " : "", parts));
        Arbitrary<String> expressions = words.list().ofMaxSize(8).map(parts -> "{{ " + String.join(" ", parts) + " }}");
        Arbitrary<String> calls = Arbitraries.of("s", "n", "l", "d", "none", "missing", "1.5", "(1, 2)", "range(3)")
                .flatMap(value -> names().map(name -> "{{ " + value + name + " }}{{ " + value + " is defined }}"));
        return Arbitraries.oneOf(
                garbage, expressions, calls, Arbitraries.strings().ofMaxLength(60));
    }

    /** Every filter, test and method by its name, with too few, too many and odd arguments. */
    private static Arbitrary<String> names() {
        Arbitrary<String> arguments = Arbitraries.of(
                "",
                "()",
                "(1)",
                "('a')",
                "(none)",
                "(1, 2)",
                "('a', 'b')",
                "(l)",
                "(d)",
                "(-1)",
                "(1, 2, 3, 4, 5)",
                "(x=1)",
                "('upper')",
                "(missing)",
                "(1.5)",
                "(99999999999999999999)",
                "(s, s)",
                "(attribute='a')",
                "('a', -5)");
        Arbitrary<String> names = Arbitraries.of(
                "| abs",
                "| batch",
                "| capitalize",
                "| center",
                "| count",
                "| d",
                "| dictsort",
                "| e",
                "| first",
                "| float",
                "| format",
                "| groupby",
                "| indent",
                "| int",
                "| items",
                "| join",
                "| last",
                "| list",
                "| lower",
                "| map",
                "| max",
                "| min",
                "| reject",
                "| rejectattr",
                "| replace",
                "| reverse",
                "| round",
                "| safe",
                "| select",
                "| selectattr",
                "| slice",
                "| sort",
                "| string",
                "| sum",
                "| title",
                "| tojson",
                "| trim",
                "| truncate",
                "| unique",
                "| upper",
                "| urlencode",
                "| wordcount",
                "| attr",
                "is divisibleby",
                "is in",
                "is odd",
                "is eq",
                "is lt",
                "is sameas",
                "is lower",
                ".strip",
                ".split",
                ".rsplit",
                ".splitlines",
                ".startswith",
                ".endswith",
                ".replace",
                ".find",
                ".rfind",
                ".index",
                ".count",
                ".join",
                ".zfill",
                ".ljust",
                ".center",
                ".partition",
                ".format",
                ".title",
                ".get",
                ".keys",
                ".values",
                ".items",
                ".copy",
                ".removeprefix",
                ".isdigit",
                "[1:]",
                "[0]",
                "['a']",
                "[::-1]",
                "* 2",
                "% 2",
                "+ 1",
                "in l",
                "< 1");
        return names.flatMap(name -> arguments.map(given -> " " + name + given));
    }
}
