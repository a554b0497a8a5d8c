package perdure.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import perdure.template.Values.Markup;

/** What filters look at in each item: an attribute named by a path with dots, and lower case unless case matters. */
final class Keys {
    private Keys() {}

    /** @param attribute a name, a path or an index; null for the item itself */
    static UnaryOperator<Object> of(Object attribute, Budget budget) {
        return of(attribute, null, budget);
    }

    /** @param otherwise instead of what is undefined; null for none */
    static UnaryOperator<Object> of(Object attribute, Object otherwise, Budget budget) {
        if (attribute == null) {
            return UnaryOperator.identity();
        }
        List<Object> path = path(attribute);
        return item -> {
            Object value = item;
            for (Object part : path) {
                budget.step();
                value = Attributes.byKey(value, part, budget);
                value = value instanceof Undefined && otherwise != null ? otherwise : value;
            }
            return value;
        };
    }

    private static List<Object> path(Object attribute) {
        String text = Values.text(attribute);
        if (text == null) {
            return List.of(attribute);
        }
        List<Object> path = new ArrayList<>();
        for (String part : text.split("\\.", -1)) {
            boolean index =
                    !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            path.add(index ? (Object) Long.valueOf(part) : part);
        }
        return path;
    }

    static UnaryOperator<Object> folding(Object attribute, boolean caseMatters, Budget budget) {
        UnaryOperator<Object> getter = of(attribute, budget);
        return caseMatters ? getter : item -> folded(getter.apply(item));
    }

    /** A list of what several attributes, with commas between them, have. */
    static UnaryOperator<Object> several(Object attributes, boolean caseMatters, Budget budget) {
        String text = Values.text(attributes);
        if (text == null || text.indexOf(',') < 0) {
            return folding(attributes, caseMatters, budget);
        }
        List<UnaryOperator<Object>> getters = new ArrayList<>();
        for (String attribute : text.split(",", -1)) {
            getters.add(folding(attribute, caseMatters, budget));
        }
        return item -> {
            List<Object> key = new ArrayList<>();
            getters.forEach(getter -> key.add(getter.apply(item)));
            return key;
        };
    }

    static Object folded(Object value) {
        if (value instanceof Markup markup) {
            return new Markup(markup.text().toLowerCase(Locale.ROOT));
        }
        return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
    }

    /** Sorts the list itself; items with equal keys keep their order, also in reverse. */
    static void sort(List<Object> items, UnaryOperator<Object> key, boolean reverse, Budget budget) {
        List<Object[]> keyed = new ArrayList<>(items.size());
        items.forEach(item -> keyed.add(new Object[] {key.apply(item), item}));
        Comparator<Object[]> order = (a, b) -> {
            budget.step();
            return Comparison.compare("<", a[0], b[0], budget);
        };
        keyed.sort(reverse ? Collections.reverseOrder(order) : order);
        items.clear();
        keyed.forEach(pair -> items.add(pair[1]));
    }
}
