package perdure.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import perdure.template.Arguments.Bound;
import perdure.template.Filters.Filter;
import perdure.template.Values.Tuple;

/** Filters on lists and dictionaries, and {@code default}. */
final class SequenceFilters {
    private SequenceFilters() {}

    static Map<String, Filter> all() {
        Map<String, Filter> all = new HashMap<>();
        all.put("default", (value, arguments, budget) -> {
            Bound bound = arguments.bind("default", 0, "default_value", "boolean");
            boolean missing = value instanceof Undefined || bound.truth(1, false) && !Values.truth(value);
            return missing ? bound.get(0, "") : value;
        });
        all.put("d", all.get("default"));
        all.put("length", (value, arguments, budget) -> Values.length(value));
        all.put("count", all.get("length"));
        all.put("list", (value, arguments, budget) -> Values.list(value, budget));
        all.put("items", (value, arguments, budget) -> items(value, budget));
        all.put("first", (value, arguments, budget) -> {
            Iterator<Object> items = Values.iterate(value);
            return items.hasNext() ? items.next() : new Undefined("No first item, sequence was empty.");
        });
        all.put("last", (value, arguments, budget) -> {
            List<Object> items = Values.list(reversible(value), budget);
            return items.isEmpty() ? new Undefined("No last item, sequence was empty.") : items.get(items.size() - 1);
        });
        all.put("reverse", (value, arguments, budget) -> reversed(value, budget));
        all.put("join", SequenceFilters::joined);
        all.put("sum", (value, arguments, budget) -> {
            Bound bound = arguments.bind("sum", 0, "attribute", "start");
            UnaryOperator<Object> getter = Keys.of(bound.get(0, null), budget);
            Object sum = bound.get(1, 0L);
            for (Object item : Values.list(value, budget)) {
                sum = Arithmetic.apply(Arithmetic.Operator.ADD, sum, getter.apply(item), budget);
            }
            return sum;
        });
        all.put("min", (value, arguments, budget) -> extreme(value, arguments, true, budget));
        all.put("max", (value, arguments, budget) -> extreme(value, arguments, false, budget));
        all.put("sort", (value, arguments, budget) -> {
            Bound bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
            List<Object> items = Values.list(value, budget);
            UnaryOperator<Object> key = Keys.several(bound.get(2, null), bound.truth(1, false), budget);
            Keys.sort(items, key, bound.truth(0, false), budget);
            return items;
        });
        all.put("dictsort", SequenceFilters::dictSorted);
        all.put("unique", (value, arguments, budget) -> {
            Bound bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
            UnaryOperator<Object> key = Keys.folding(bound.get(1, null), bound.truth(0, false), budget);
            Map<Object, Object> seen = new HashMap<>();
            return Lazy.of(
                    value,
                    item -> {
                        Object found = key.apply(item);
                        if (Dicts.contains(seen, found, budget)) {
                            return Arguments.ABSENT;
                        }
                        Dicts.put(seen, found, true, budget);
                        return item;
                    },
                    budget);
        });
        all.put("groupby", SequenceFilters::grouped);
        all.put("batch", (value, arguments, budget) -> {
            Bound bound = arguments.bind("batch", 1, "linecount", "fill_with");
            return new Lazy(() -> batches(value, bound, budget).iterator(), budget);
        });
        all.put("slice", (value, arguments, budget) -> {
            Bound bound = arguments.bind("slice", 1, "slices", "fill_with");
            return new Lazy(() -> slices(value, bound, budget).iterator(), budget);
        });
        all.put("attr", (value, arguments, budget) -> {
            String name = arguments.bind("attr", 1, "name").text(0, "");
            return value instanceof Map && Values.dict(value).containsKey(name)
                    ? new Undefined("a dictionary has no attribute '" + name + "'")
                    : Attributes.byDot(value, name, budget);
        });
        return all;
    }

    private static Lazy items(Object value, Budget budget) {
        Supplier<Iterator<Object>> pairs = () -> {
            if (value instanceof Undefined) {
                return Collections.emptyIterator();
            }
            if (!(value instanceof Map)) {
                throw new TemplateException("items expects a mapping, not " + Values.type(value));
            }
            return Attributes.pairs(Values.dict(value), budget).iterator();
        };
        return new Lazy(pairs, budget);
    }

    private static Object reversible(Object value) {
        if (value instanceof Undefined || value instanceof Lazy || value instanceof LoopState) {
            throw new TemplateException("'" + Values.type(value) + "' object is not reversible");
        }
        return value;
    }

    private static Object reversed(Object value, Budget budget) {
        String text = Values.text(value);
        if (text != null) {
            return Attributes.slice(value, null, null, -1L, budget);
        }
        List<Object> items = Values.list(value, budget);
        Collections.reverse(items);
        return value instanceof Lazy ? items : new Lazy(items::iterator, budget);
    }

    private static Object joined(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("join", 0, "d", "attribute");
        UnaryOperator<Object> getter = Keys.of(bound.get(1, null), budget);
        List<String> parts = new ArrayList<>();
        for (Iterator<Object> items = Values.iterate(value); items.hasNext(); ) {
            budget.step();
            parts.add(Printing.text(getter.apply(items.next()), budget));
        }
        return StringMethods.joined(Printing.text(bound.get(0, ""), budget), parts, budget);
    }

    private static Object extreme(Object value, Arguments arguments, boolean least, Budget budget) {
        Bound bound = arguments.bind(least ? "min" : "max", 0, "case_sensitive", "attribute");
        UnaryOperator<Object> key = Keys.folding(bound.get(1, null), bound.truth(0, false), budget);
        List<Object> items = Values.list(value, budget);
        if (items.isEmpty()) {
            return new Undefined("No aggregated item, sequence was empty.");
        }
        Object best = items.get(0);
        for (Object item : items.subList(1, items.size())) {
            int order = Comparison.compare(least ? "<" : ">", key.apply(item), key.apply(best), budget);
            best = least && order < 0 || !least && order > 0 ? item : best;
        }
        return best;
    }

    private static Object dictSorted(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        String by = bound.text(1, "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw new TemplateException("dictsort sorts by key or value, not by " + by);
        }
        if (!(value instanceof Map)) {
            Undefined.refuse(value);
            throw new TemplateException("dictsort expects a mapping, not " + Values.type(value));
        }
        List<Object> pairs = Attributes.pairs(Values.dict(value), budget);
        long index = by.equals("key") ? 0 : 1;
        Keys.sort(pairs, Keys.folding(index, bound.truth(0, false), budget), bound.truth(2, false), budget);
        return pairs;
    }

    /** Tuples of a value and the items that have it. */
    private static Object grouped(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
        Object otherwise = bound.get(1, null);
        UnaryOperator<Object> exact = Keys.of(bound.get(0, null), otherwise, budget);
        UnaryOperator<Object> key = bound.truth(2, false) ? exact : item -> Keys.folded(exact.apply(item));
        List<Object> items = Values.list(value, budget);
        Keys.sort(items, key, false, budget);
        List<Object> groups = new ArrayList<>();
        List<Object> group = new ArrayList<>();
        for (Object item : items) {
            if (group.isEmpty() || !Comparison.equal(key.apply(group.get(0)), key.apply(item), budget)) {
                group = new ArrayList<>();
                groups.add(new Tuple(Attributes.pair(exact.apply(item), group).items(), List.of("grouper", "list")));
            }
            group.add(item);
        }
        return groups;
    }

    private static List<Object> batches(Object value, Bound bound, Budget budget) {
        long size = bound.whole(0, 1);
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Values.list(value, budget)) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            Object fill = bound.get(1, null);
            long missing = fill == null ? 0 : Math.max(0, size - batch.size());
            budget.steps(missing);
            batch.addAll(Collections.nCopies((int) missing, fill));
            batches.add(batch);
        }
        return batches;
    }

    private static List<Object> slices(Object value, Bound bound, Budget budget) {
        List<Object> items = Values.list(value, budget);
        long count = bound.whole(0, 1);
        if (count == 0) {
            throw new TemplateException("division by zero");
        }
        budget.steps(Math.max(0, count));
        List<Object> slices = new ArrayList<>();
        int from = 0;
        for (long i = 0; i < count; i++) {
            boolean longer = i < items.size() % count;
            int to = from + (int) (items.size() / count) + (longer ? 1 : 0);
            List<Object> slice = new ArrayList<>(items.subList(from, to));
            if (bound.get(1, null) != null && !longer) {
                slice.add(bound.get(1, null));
            }
            slices.add(slice);
            from = to;
        }
        return slices;
    }
}
