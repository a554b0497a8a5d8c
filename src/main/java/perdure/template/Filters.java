package perdure.template;

import java.util.HashMap;
import java.util.Map;

/** The filters that a template can name: {@code value | name(arguments)}. */
final class Filters {
    /** One filter. */
    interface Filter {
        Object apply(Object value, Arguments arguments, Budget budget);
    }

    private static final Map<String, Filter> ALL = new HashMap<>();

    static {
        ALL.putAll(TextFilters.all());
        ALL.putAll(NumberFilters.all());
        ALL.putAll(SequenceFilters.all());
        ALL.putAll(SelectingFilters.all());
    }

    private Filters() {}

    /** Null if there is none of this name. */
    static Filter find(String name) {
        return ALL.get(name);
    }

    static Filter require(String name) {
        Filter filter = find(name);
        if (filter == null) {
            throw new TemplateException("there is no filter named '" + name + "'");
        }
        return filter;
    }
}
