package perdure.template;

import java.util.List;

/**
 * The text that a template made.
 *
 * @param generation the parts that stand in {@code {% generation %}} blocks, in order; empty if the template has none
 */
public record Rendered(String text, List<Span> generation) {
    public Rendered {
        generation = List.copyOf(generation);
    }

    /** Characters (UTF-16 units, as in {@link String#substring}) from {@code start} up to before {@code end}. */
    public record Span(int start, int end) {}
}
