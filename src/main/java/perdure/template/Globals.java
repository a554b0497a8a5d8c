package perdure.template;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import perdure.template.Arguments.Bound;
import perdure.template.Values.Range;

/** The functions that every template has. A variable of the same name takes their place. */
final class Globals {
    private static final int LONGEST_RANGE = 100_000;

    private Globals() {}

    static Map<String, Callable> all(LocalDateTime now) {
        Map<String, Callable> all = new LinkedHashMap<>();
        all.put("raise_exception", (arguments, budget) -> {
            Object message = arguments.bind("raise_exception", 1, "message").get(0, null);
            throw TemplateException.raised(Printing.text(message, budget));
        });
        all.put("strftime_now", (arguments, budget) -> {
            String format = arguments.bind("strftime_now", 1, "format").text(0, "");
            return TimeFormat.format(format, now, budget);
        });
        all.put("namespace", (arguments, budget) -> new Namespace(dict(arguments, budget)));
        all.put("dict", Globals::dict);
        all.put("range", Globals::range);
        all.put("cycler", (arguments, budget) -> new Cycler(arguments.positional()));
        all.put("joiner", (arguments, budget) -> joiner(arguments));
        return all;
    }

    /** From a mapping or from pairs, then from what is given by name. */
    private static Map<Object, Object> dict(Arguments arguments, Budget budget) {
        Map<Object, Object> dict = new LinkedHashMap<>();
        Object from = new Arguments(arguments.positional(), Map.of())
                .bind("dict", 0, "mapping")
                .get(0, dict);
        if (from instanceof Map) {
            budget.steps(Values.dict(from).size());
            dict.putAll(Values.dict(from));
        } else {
            for (Object item : Values.list(from, budget)) {
                List<Object> pair = Values.list(item, budget);
                if (pair.size() != 2) {
                    throw new TemplateException("dict expects pairs of key and value");
                }
                Dicts.put(dict, pair.get(0), pair.get(1), budget);
            }
        }
        dict.putAll(arguments.named());
        return dict;
    }

    private static Object range(Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("range", 1, "start", "stop", "step");
        boolean single = bound.get(1, Arguments.ABSENT) == Arguments.ABSENT;
        long start = single ? 0 : bound.whole(0, 0);
        long stop = single ? bound.whole(0, 0) : bound.whole(1, 0);
        long step = bound.whole(2, 1);
        if (step == 0) {
            throw new TemplateException("the step of range must not be zero");
        }
        List<Object> items = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            budget.step();
            items.add(i);
            if (items.size() > LONGEST_RANGE) {
                throw new TemplateException("range makes more than " + LONGEST_RANGE + " numbers");
            }
            if (step > 0 ? i > Long.MAX_VALUE - step : i < Long.MIN_VALUE - step) {
                break;
            }
        }
        return new Range(start, stop, step, items);
    }

    /** Gives nothing at its first call, and the separator at all others. */
    private static Callable joiner(Arguments arguments) {
        Object separator = arguments.bind("joiner", 0, "sep").get(0, ", ");
        boolean[] used = {false};
        return (none, budget) -> {
            Object result = used[0] ? separator : "";
            used[0] = true;
            return result;
        };
    }

    /** Gives its items in turn, without end. */
    static final class Cycler {
        private final List<Object> items;
        private int index;

        Cycler(List<Object> items) {
            if (items.isEmpty()) {
                throw new TemplateException("at least one item has to be provided");
            }
            this.items = items;
        }

        Object attribute(String name) {
            return switch (name) {
                case "current" -> items.get(index);
                case "next" ->
                    (Callable) (arguments, budget) -> {
                        Object item = items.get(index);
                        index = (index + 1) % items.size();
                        return item;
                    };
                case "reset" ->
                    (Callable) (arguments, budget) -> {
                        index = 0;
                        return null;
                    };
                default -> Arguments.ABSENT;
            };
        }
    }
}
