package perdure.template;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import perdure.template.Arguments.Bound;
import perdure.template.Filters.Filter;

/** Filters that apply another filter or a test, whose name is an argument, to every item. */
final class SelectingFilters {
    private SelectingFilters() {}

    static Map<String, Filter> all() {
        Map<String, Filter> all = new HashMap<>();
        all.put("map", (value, arguments, budget) -> mapped(value, arguments, budget));
        all.put("select", (value, arguments, budget) -> selected(value, arguments, 0, true, budget));
        all.put("reject", (value, arguments, budget) -> selected(value, arguments, 0, false, budget));
        all.put("selectattr", (value, arguments, budget) -> selected(value, arguments, 1, true, budget));
        all.put("rejectattr", (value, arguments, budget) -> selected(value, arguments, 1, false, budget));
        return all;
    }

    private static Lazy mapped(Object value, Arguments arguments, Budget budget) {
        if (!Values.truth(value)) {
            return new Lazy(Collections::emptyIterator, budget);
        }
        return new Lazy(
                () -> {
                    UnaryOperator<Object> change = change(arguments, budget);
                    return Lazy.of(value, change, budget).items();
                },
                budget);
    }

    private static UnaryOperator<Object> change(Arguments arguments, Budget budget) {
        if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
            Bound bound = arguments.bind("map", 0, "attribute", "default");
            return Keys.of(bound.get(0, null), bound.get(1, null), budget);
        }
        if (arguments.positional().isEmpty()) {
            throw new TemplateException("map lacks the name of a filter");
        }
        Filter filter = Filters.require(Printing.text(arguments.positional().get(0), budget));
        Arguments others = arguments.after(1);
        return item -> filter.apply(item, others, budget);
    }

    /** @param first the position of the test's name, which comes after that of the attribute */
    private static Lazy selected(Object value, Arguments arguments, int first, boolean wanted, Budget budget) {
        if (!Values.truth(value)) {
            return new Lazy(Collections::emptyIterator, budget);
        }
        return new Lazy(
                () -> {
                    if (arguments.positional().size() < first) {
                        throw new TemplateException("the name of an attribute is missing");
                    }
                    UnaryOperator<Object> key = first == 0
                            ? UnaryOperator.identity()
                            : Keys.of(arguments.positional().get(0), budget);
                    Predicate<Object> holds = Values::truth;
                    if (arguments.positional().size() > first) {
                        Checks.Check check = Checks.require(
                                Printing.text(arguments.positional().get(first), budget));
                        Arguments others = arguments.after(first + 1);
                        holds = item -> check.holds(item, others, budget);
                    }
                    Predicate<Object> decides = holds;
                    return Lazy.of(
                                    value,
                                    item -> decides.test(key.apply(item)) == wanted ? item : Arguments.ABSENT,
                                    budget)
                            .items();
                },
                budget);
    }
}
