package perdure.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import perdure.template.Values.DictView;
import perdure.template.Values.Range;
import perdure.template.Values.Tuple;

/**
 * {@code value.name}, {@code value[key]} and slices. The dot finds methods before the keys of a dictionary, the brackets
 * find them after. Methods that would change a value are out of reach.
 */
final class Attributes {
    private static final Set<String> CHANGING_LIST =
            Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
    private static final Set<String> CHANGING_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update");

    private Attributes() {}

    static Object byDot(Object target, String name, Budget budget) {
        Undefined.refuse(target);
        Object member = member(target, name);
        if (member == Arguments.ABSENT && target instanceof Map) {
            member = Dicts.get(Values.dict(target), name, budget);
        }
        return member == Arguments.ABSENT ? nothing(target, name, budget) : member;
    }

    static Object byKey(Object target, Object key, Budget budget) {
        Undefined.refuse(target);
        Object item = item(target, key, budget);
        String name = Values.text(key);
        if (item == Arguments.ABSENT && name != null) {
            item = member(target, name);
        }
        return item == Arguments.ABSENT ? nothing(target, key, budget) : item;
    }

    private static Undefined nothing(Object target, Object key, Budget budget) {
        String what = target == null ? "None" : "'" + Values.type(target) + " object'";
        return new Undefined(
                Values.text(key) != null
                        ? what + " has no attribute '" + Values.text(key) + "'"
                        : what + " has no element " + Printing.written(key, budget));
    }

    private static Object item(Object target, Object key, Budget budget) {
        if (target instanceof Map) {
            boolean hashable = !(key instanceof List || key instanceof Map || key instanceof DictView);
            return hashable ? Dicts.get(Values.dict(target), key, budget) : Arguments.ABSENT;
        }
        if (!Arithmetic.isWhole(key)) {
            return Arguments.ABSENT;
        }
        String text = Values.text(target);
        List<Object> items = Values.sequence(target);
        if (text == null && items == null) {
            return Arguments.ABSENT;
        }
        budget.work(target);
        long size = Values.length(target);
        long index = Arithmetic.clamped(key);
        index = index < 0 ? index + size : index;
        if (index < 0 || index >= size) {
            return Arguments.ABSENT;
        }
        return items != null ? items.get((int) index) : like(target, Text.between(text, (int) index, (int) index + 1));
    }

    /** A part of a text is safe if the whole was. */
    private static Object like(Object target, String part) {
        return target instanceof Values.Markup ? new Values.Markup(part) : part;
    }

    private static Object member(Object target, String name) {
        if (Values.text(target) != null) {
            return StringMethods.of(target, name);
        }
        if (target instanceof Map) {
            return dictMember(Values.dict(target), name);
        }
        if (target instanceof List || target instanceof Tuple || target instanceof Range) {
            return sequenceMember(target, Values.sequence(target), name);
        }
        if (target instanceof Namespace namespace) {
            return namespace.attributes().getOrDefault(name, Arguments.ABSENT);
        }
        if (target instanceof LoopState loop) {
            return loop.attribute(name);
        }
        return target instanceof Globals.Cycler cycler ? cycler.attribute(name) : Arguments.ABSENT;
    }

    private static Object dictMember(Map<Object, Object> dict, String name) {
        if (CHANGING_DICT.contains(name)) {
            return outOfReach(name, dict);
        }
        return switch (name) {
            case "get" ->
                (Callable) (arguments, budget) -> {
                    Arguments.Bound bound = arguments.bind("get", 1, "key", "default");
                    Object value = Dicts.get(dict, bound.get(0, null), budget);
                    return value == Arguments.ABSENT ? bound.get(1, null) : value;
                };
            case "keys" -> view("dict_keys", dict, budget -> new ArrayList<>(dict.keySet()));
            case "values" -> view("dict_values", dict, budget -> new ArrayList<>(dict.values()));
            case "items" -> view("dict_items", dict, budget -> pairs(dict, budget));
            case "copy" ->
                (Callable) (arguments, budget) -> {
                    arguments.bind("copy", 0);
                    return new LinkedHashMap<>(dict);
                };
            default -> Arguments.ABSENT;
        };
    }

    private static Callable view(String type, Map<Object, Object> dict, Function<Budget, List<Object>> items) {
        return (arguments, budget) -> {
            arguments.bind(type, 0);
            budget.steps(dict.size());
            return new DictView(type, items.apply(budget));
        };
    }

    /** The entries of a dictionary as tuples of key and value. */
    static List<Object> pairs(Map<Object, Object> dict, Budget budget) {
        budget.steps(dict.size());
        List<Object> pairs = new ArrayList<>(dict.size());
        dict.forEach((key, value) -> pairs.add(pair(key, value)));
        return pairs;
    }

    static Tuple pair(Object first, Object second) {
        List<Object> items = new ArrayList<>(2);
        items.add(first);
        items.add(second);
        return new Tuple(items);
    }

    private static Object sequenceMember(Object target, List<Object> items, String name) {
        if (target instanceof List && CHANGING_LIST.contains(name)) {
            return outOfReach(name, items);
        }
        if (name.equals("copy") && target instanceof List) {
            return (Callable) (arguments, budget) -> {
                arguments.bind("copy", 0);
                budget.steps(items.size());
                return new ArrayList<>(items);
            };
        }
        return switch (name) {
            case "index" ->
                (Callable) (arguments, budget) -> {
                    Object wanted = arguments.bind("index", 1, "value").get(0, null);
                    for (int i = 0; i < items.size(); i++) {
                        if (Comparison.equal(items.get(i), wanted, budget)) {
                            return (long) i;
                        }
                    }
                    throw new TemplateException(Printing.written(wanted, budget) + " is not in the list");
                };
            case "count" ->
                (Callable) (arguments, budget) -> {
                    Object wanted = arguments.bind("count", 1, "value").get(0, null);
                    return items.stream()
                            .filter(item -> Comparison.equal(item, wanted, budget))
                            .count();
                };
            default -> target instanceof Tuple tuple ? tuple.named(name) : Arguments.ABSENT;
        };
    }

    private static Undefined outOfReach(String name, Object target) {
        return new Undefined("access to attribute '" + name + "' of '" + Values.type(target) + "' object is unsafe");
    }

    /** {@code target[start:stop:step]}, with null for what is left out. */
    static Object slice(Object target, Object start, Object stop, Object step, Budget budget) {
        Undefined.refuse(target);
        String text = Values.text(target);
        List<Object> items = text != null ? null : Values.sequence(target);
        if (text == null && items == null) {
            throw new TemplateException("'" + Values.type(target) + "' object cannot be sliced");
        }
        budget.work(target);
        long size = Values.length(target);
        long by = step == null ? 1 : bound(step);
        if (by == 0) {
            throw new TemplateException("the step of a slice is 0");
        }
        long from = start == null ? by > 0 ? 0 : size - 1 : within(bound(start), size, by);
        long to = stop == null ? by > 0 ? size : -1 : within(bound(stop), size, by);
        if (text != null && by == 1) {
            budget.work(text.length());
            return like(target, Text.between(text, (int) from, (int) Math.max(from, to)));
        }
        int[] characters = text == null ? null : text.codePoints().toArray();
        StringBuilder some = new StringBuilder();
        List<Object> someItems = new ArrayList<>();
        // The index goes no further than one step beyond the ends, since a longer step is the last one.
        for (long i = from; by > 0 ? i < to : i > to; i = Math.abs(by) > size ? to : i + by) {
            if (text != null) {
                some.appendCodePoint(characters[(int) i]);
            } else {
                budget.step();
                someItems.add(items.get((int) i));
            }
        }
        if (text != null) {
            budget.work(2L * text.length());
            return like(target, some.toString());
        }
        if (target instanceof Range range) {
            long begin = range.start() + from * range.step();
            return new Range(begin, range.start() + to * range.step(), by * range.step(), someItems);
        }
        return target instanceof List ? someItems : new Tuple(someItems);
    }

    private static long bound(Object value) {
        Undefined.refuse(value);
        if (!Arithmetic.isWhole(value)) {
            throw new TemplateException(
                    "the bounds of a slice must be whole numbers or None, not " + Values.type(value));
        }
        return Math.max(-Long.MAX_VALUE / 2, Math.min(Long.MAX_VALUE / 2, Arithmetic.clamped(value)));
    }

    /** Where a slice begins or ends: negative bounds count from the end. */
    private static long within(long bound, long size, long step) {
        long index = bound < 0 ? bound + size : bound;
        return step > 0 ? Math.max(0, Math.min(size, index)) : Math.max(-1, Math.min(size - 1, index));
    }
}
