package perdure.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The values of a template: null (None), Boolean, Long, BigInteger beyond it, Double, String, {@link Markup}, List,
 * {@link Tuple}, {@link Range}, Map, {@link DictView}, {@link Lazy}, {@link Namespace}, {@link Callable} and {@link
 * Undefined}.
 */
final class Values {
    /** A text that filters marked as safe for HTML. Joined to another text, that one is escaped. */
    record Markup(String text) {}

    /** @param names by which the items can be asked for as well; often none */
    record Tuple(List<Object> items, List<String> names) {
        Tuple(List<Object> items) {
            this(items, List.of());
        }

        /** The item of this name, or {@link Arguments#ABSENT}. */
        Object named(String name) {
            int index = names.indexOf(name);
            return index < 0 ? Arguments.ABSENT : items.get(index);
        }
    }

    /** @param items all numbers from {@code start} up to before {@code stop} */
    record Range(long start, long stop, long step, List<Object> items) {
        @Override
        public String toString() {
            return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
        }
    }

    /** The keys, values or items of a dictionary. */
    record DictView(String type, List<Object> items) {}

    private Values() {}

    /**
     * A value of Java's as one of a template.
     *
     * @throws IllegalArgumentException if there is none for it
     */
    static Object of(Object value, Budget budget) {
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> copy = new LinkedHashMap<>();
            budget.enter();
            map.forEach((key, item) -> copy.put(of(key, budget), of(item, budget)));
            budget.leave();
            return copy;
        }
        if (value instanceof Collection<?> list) {
            List<Object> copy = new ArrayList<>(list.size());
            budget.enter();
            list.forEach(item -> copy.add(of(item, budget)));
            budget.leave();
            return copy;
        }
        if (value == null || value instanceof Boolean || value instanceof Long || value instanceof Double) {
            return value;
        }
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        }
        if (value instanceof Float || value instanceof BigDecimal) {
            return ((Number) value).doubleValue();
        }
        if (value instanceof CharSequence text) {
            return text.toString();
        }
        if (value instanceof BigInteger number) {
            return Arithmetic.normal(number);
        }
        throw new IllegalArgumentException(
                "A template has no value of type " + value.getClass().getName() + ".");
    }

    static boolean truth(Object value) {
        if (value == null || value instanceof Undefined) {
            return false;
        }
        if (value instanceof Boolean bool) {
            return bool;
        }
        if (value instanceof Long number) {
            return number != 0;
        }
        if (value instanceof Double number) {
            return number != 0;
        }
        String text = text(value);
        return text != null ? !text.isEmpty() : lengthOrNone(value) != 0;
    }

    /** The number of items or characters; -1 if the value has no length. */
    private static long lengthOrNone(Object value) {
        if (value instanceof String text) {
            return Text.length(text);
        }
        if (value instanceof Markup markup) {
            return Text.length(markup.text());
        }
        if (value instanceof Map<?, ?> map) {
            return map.size();
        }
        if (value instanceof DictView view) {
            return view.items().size();
        }
        if (value instanceof Undefined) {
            return 0;
        }
        if (value instanceof LoopState loop) {
            return loop.length();
        }
        List<Object> items = sequence(value);
        return items == null ? -1 : items.size();
    }

    static long length(Object value) {
        long length = lengthOrNone(value);
        if (length < 0) {
            throw new TemplateException("object of type '" + type(value) + "' has no len()");
        }
        return length;
    }

    /** The items of a list, tuple or range; null for everything else. */
    @SuppressWarnings("unchecked")
    static List<Object> sequence(Object value) {
        if (value instanceof List<?> list) {
            return (List<Object>) list;
        }
        if (value instanceof Tuple tuple) {
            return tuple.items();
        }
        return value instanceof Range range ? range.items() : null;
    }

    @SuppressWarnings("unchecked")
    static Map<Object, Object> dict(Object value) {
        return value instanceof Map<?, ?> map ? (Map<Object, Object>) map : null;
    }

    /** The text of a string; null for everything else. */
    static String text(Object value) {
        return value instanceof String text ? text : value instanceof Markup markup ? markup.text() : null;
    }

    static boolean isIterable(Object value) {
        return text(value) != null
                || sequence(value) != null
                || value instanceof Map
                || value instanceof DictView
                || value instanceof Lazy
                || value instanceof LoopState
                || value instanceof Undefined;
    }

    /** The items one after another; of a string its characters, of a dictionary its keys. */
    static Iterator<Object> iterate(Object value) {
        if (value instanceof Lazy lazy) {
            return lazy.items();
        }
        if (value instanceof LoopState loop) {
            return loop.items();
        }
        if (value instanceof DictView view) {
            return view.items().iterator();
        }
        if (value instanceof Undefined) {
            return List.of().iterator();
        }
        if (value instanceof Map<?, ?>) {
            return dict(value).keySet().iterator();
        }
        String text = text(value);
        if (text != null) {
            return Text.characters(text);
        }
        List<Object> items = sequence(value);
        if (items == null) {
            throw new TemplateException("'" + type(value) + "' object is not iterable");
        }
        return items.iterator();
    }

    /** All items, in a list of their own. */
    static List<Object> list(Object value, Budget budget) {
        List<Object> list = new ArrayList<>();
        for (Iterator<Object> items = iterate(value); items.hasNext(); ) {
            budget.step();
            list.add(items.next());
        }
        return list;
    }

    /** Python's name of the type, for messages. */
    static String type(Object value) {
        if (value == null) {
            return "NoneType";
        }
        if (value instanceof Boolean) {
            return "bool";
        }
        if (value instanceof Long || value instanceof BigInteger) {
            return "int";
        }
        if (value instanceof Double) {
            return "float";
        }
        if (value instanceof String || value instanceof Markup) {
            return "str";
        }
        if (value instanceof Map) {
            return "dict";
        }
        if (value instanceof List) {
            return "list";
        }
        if (value instanceof DictView view) {
            return view.type();
        }
        return value instanceof Callable
                ? "function"
                : value.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }
}
