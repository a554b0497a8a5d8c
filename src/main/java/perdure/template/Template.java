package perdure.template;

import java.time.LocalDateTime;
import java.util.Map;

/**
 * A chat template, parsed once and rendered for many conversations, also by several threads at once.
 *
 * <p>It means what Python's jinja2 makes of it with the settings of Hugging Face's transformers: {@code trim_blocks},
 * {@code lstrip_blocks}, loop controls, {@code {% generation %}}, a {@code tojson} that is {@code json.dumps} without
 * ASCII escapes, {@code raise_exception} and {@code strftime_now}. Nothing can be read or changed beyond the variables.
 */
public final class Template {
    private final Block block;

    private Template(Block block) {
        this.block = block;
    }

    /**
     * Parses a template.
     *
     * @throws TemplateException if it cannot, with the line and what is wrong there
     */
    public static Template parse(String source) {
        return new Template(StatementParser.parse(source));
    }

    /**
     * Renders the template.
     *
     * @param variables of maps, lists, strings, booleans, numbers and null (None); maps keep their order
     * @param now what {@code strftime_now} tells
     * @throws TemplateException if the template fails, asks for that by {@code raise_exception}, or does not come to an end
     *     within its limits
     * @throws IllegalArgumentException if a variable is of another type
     */
    public Rendered render(Map<String, ?> variables, LocalDateTime now) {
        Budget budget = new Budget();
        Scope scope = new Scope(budget);
        Globals.all(now).forEach(scope::set);
        variables.forEach((name, value) -> scope.set(name, Values.of(value, budget)));
        Output out = new Output(budget);
        block.render(scope.inner(), out);
        return out.rendered();
    }
}
