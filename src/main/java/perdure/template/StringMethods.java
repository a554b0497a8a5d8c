package perdure.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import perdure.template.Arguments.Bound;
import perdure.template.Values.Markup;
import perdure.template.Values.Tuple;

/** The methods of Python's {@code str}. */
final class StringMethods {
    /** A method by what it does with the string that it belongs to. */
    private interface Method {
        Object call(String text, Arguments arguments, Budget budget);
    }

    private static final Map<String, Method> METHODS = new HashMap<>();

    static {
        strip("strip", true, true);
        strip("lstrip", true, false);
        strip("rstrip", false, true);
        plain("upper", text -> text.toUpperCase(Locale.ROOT));
        plain("lower", text -> text.toLowerCase(Locale.ROOT));
        plain("casefold", text -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
        plain("capitalize", Letters::capitalized);
        plain("title", Letters::titled);
        plain("swapcase", Letters::swapped);
        every("isspace", Text::isSpace);
        every("isdigit", Letters::isDigit);
        every("isdecimal", Character::isDigit);
        every("isnumeric", Letters::isNumeric);
        every("isalpha", Character::isLetter);
        every("isalnum", character -> Character.isLetter(character) || Letters.isNumeric(character));
        METHODS.put("isascii", (text, arguments, budget) -> text.chars().allMatch(character -> character < 128));
        METHODS.put("isupper", (text, arguments, budget) -> Letters.isUpper(text));
        METHODS.put("islower", (text, arguments, budget) -> Letters.isLower(text));
        METHODS.put("split", (text, arguments, budget) -> {
            Bound bound = arguments.bind("split", 0, "sep", "maxsplit");
            return Splitting.split(text, bound.textOrNone(0), bound.whole(1, -1), budget);
        });
        METHODS.put("rsplit", (text, arguments, budget) -> {
            Bound bound = arguments.bind("rsplit", 0, "sep", "maxsplit");
            return Splitting.splitFromRight(text, bound.textOrNone(0), bound.whole(1, -1), budget);
        });
        METHODS.put("splitlines", (text, arguments, budget) -> {
            boolean keepEnds = arguments.bind("splitlines", 0, "keepends").truth(0, false);
            return Text.lines(text, keepEnds);
        });
        METHODS.put("partition", (text, arguments, budget) -> partition(text, arguments, false, budget));
        METHODS.put("rpartition", (text, arguments, budget) -> partition(text, arguments, true, budget));
        METHODS.put("startswith", (text, arguments, budget) -> hasAffix(text, arguments, "startswith", budget));
        METHODS.put("endswith", (text, arguments, budget) -> hasAffix(text, arguments, "endswith", budget));
        METHODS.put("removeprefix", (text, arguments, budget) -> {
            String prefix = arguments.bind("removeprefix", 1, "prefix").text(0, "");
            return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
        });
        METHODS.put("removesuffix", (text, arguments, budget) -> {
            String suffix = arguments.bind("removesuffix", 1, "suffix").text(0, "");
            return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
        });
        METHODS.put("replace", (text, arguments, budget) -> {
            Bound bound = arguments.bind("replace", 2, "old", "new", "count");
            return Text.replace(text, bound.text(0, ""), bound.text(1, ""), bound.whole(2, -1), budget);
        });
        find("find", false, false);
        find("rfind", true, false);
        find("index", false, true);
        find("rindex", true, true);
        METHODS.put("count", (text, arguments, budget) -> {
            Bound bound = arguments.bind("count", 1, "sub", "start", "end");
            Part part = Part.of(text, bound, 1, budget);
            return part == null ? 0L : (long) Text.count(part.text(), bound.text(0, ""), budget);
        });
        METHODS.put("join", (text, arguments, budget) -> {
            List<String> parts = new ArrayList<>();
            Object items = arguments.bind("join", 1, "iterable").get(0, null);
            for (Iterator<Object> each = Values.iterate(items); each.hasNext(); ) {
                Object item = each.next();
                Undefined.refuse(item);
                if (Values.text(item) == null) {
                    throw new TemplateException("join expects strings, found " + Values.type(item));
                }
                parts.add(Values.text(item));
            }
            return joined(text, parts, budget);
        });
        pad("ljust", 0, 1);
        pad("rjust", 1, 0);
        METHODS.put("center", (text, arguments, budget) -> {
            Bound bound = arguments.bind("center", 1, "width", "fillchar");
            return Letters.centered(text, bound.whole(0, 0), fill(bound), budget);
        });
        METHODS.put("zfill", (text, arguments, budget) -> {
            long width = arguments.bind("zfill", 1, "width").whole(0, 0);
            boolean signed = text.startsWith("-") || text.startsWith("+");
            String zeros = Text.repeat("0", width - Text.length(text), budget);
            return signed ? text.charAt(0) + zeros + text.substring(1) : zeros + text;
        });
        METHODS.put("format", (text, arguments, budget) -> BraceFormat.format(text, arguments, budget));
    }

    private StringMethods() {}

    /** The method of a string, bound to it; {@link Arguments#ABSENT} if strings have none of this name. */
    static Object of(Object target, String name) {
        Method method = METHODS.get(name);
        if (method == null) {
            return Arguments.ABSENT;
        }
        String text = Values.text(target);
        return (Callable) (arguments, budget) -> {
            budget.work(text.length());
            if (target instanceof String) {
                return method.call(text, arguments, budget);
            }
            List<Object> safe = new ArrayList<>();
            arguments
                    .positional()
                    .forEach(value -> safe.add(value instanceof String plain ? Text.escaped(plain, budget) : value));
            return safe(method.call(text, new Arguments(safe, arguments.named()), budget));
        };
    }

    private static Object safe(Object result) {
        if (result instanceof String text) {
            return new Markup(text);
        }
        if (Values.sequence(result) == null) {
            return result;
        }
        List<Object> safe = new ArrayList<>();
        Values.sequence(result).forEach(item -> safe.add(safe(item)));
        return result instanceof Tuple ? new Tuple(safe) : safe;
    }

    static String joined(String separator, List<String> parts, Budget budget) {
        long length = (long) separator.length() * Math.max(0, parts.size() - 1);
        for (String part : parts) {
            length += part.length();
        }
        budget.steps(parts.size());
        budget.text(length);
        return String.join(separator, parts);
    }

    private static void plain(String name, UnaryOperator<String> change) {
        METHODS.put(name, (text, arguments, budget) -> {
            arguments.bind(name, 0);
            return change.apply(text);
        });
    }

    private static void every(String name, IntPredicate holds) {
        METHODS.put(name, (text, arguments, budget) -> {
            arguments.bind(name, 0);
            return !text.isEmpty() && text.codePoints().allMatch(holds);
        });
    }

    private static void strip(String name, boolean left, boolean right) {
        METHODS.put(name, (text, arguments, budget) -> {
            String set = arguments.bind(name, 0, "chars").textOrNone(0);
            budget.search(text, set == null ? "" : set);
            return Text.strip(text, set, left, right);
        });
    }

    private static void pad(String name, int left, int right) {
        METHODS.put(name, (text, arguments, budget) -> {
            Bound bound = arguments.bind(name, 1, "width", "fillchar");
            String fill = Text.repeat(fill(bound), bound.whole(0, 0) - Text.length(text), budget);
            return left > 0 ? fill + text : text + fill;
        });
    }

    private static String fill(Bound bound) {
        String fill = bound.text(1, " ");
        if (Text.length(fill) != 1) {
            throw new TemplateException("the fill character must be exactly one character long");
        }
        return fill;
    }

    private static Object partition(String text, Arguments arguments, boolean last, Budget budget) {
        String separator = arguments.bind("partition", 1, "sep").text(0, "");
        Splitting.requireNotEmpty(separator);
        budget.search(text, separator);
        int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) {
            return new Tuple(last ? List.of("", "", text) : List.of(text, "", ""));
        }
        return new Tuple(List.of(text.substring(0, at), separator, text.substring(at + separator.length())));
    }

    private static boolean hasAffix(String text, Arguments arguments, String name, Budget budget) {
        Bound bound = arguments.bind(name, 1, "prefix", "start", "end");
        Object wanted = bound.get(0, null);
        List<Object> affixes = wanted instanceof Tuple tuple ? tuple.items() : List.of(bound.text(0, ""));
        Part part = Part.of(text, bound, 1, budget);
        for (Object affix : affixes) {
            String string = Values.text(affix);
            if (string == null) {
                throw new TemplateException(name + " expects strings, found " + Values.type(affix));
            }
            if (part != null
                    && (name.equals("startswith")
                            ? part.text().startsWith(string)
                            : part.text().endsWith(string))) {
                return true;
            }
        }
        return false;
    }

    private static void find(String name, boolean last, boolean mustBeThere) {
        METHODS.put(name, (text, arguments, budget) -> {
            Bound bound = arguments.bind(name, 1, "sub", "start", "end");
            String wanted = bound.text(0, "");
            Part part = Part.of(text, bound, 1, budget);
            budget.search(text, wanted);
            int at = part == null
                    ? -1
                    : last ? part.text().lastIndexOf(wanted) : part.text().indexOf(wanted);
            if (at < 0 && mustBeThere) {
                throw new TemplateException("substring not found");
            }
            return at < 0 ? -1L : (long) part.start() + part.text().codePointCount(0, at);
        });
    }

    /** The part of a string that optional bounds leave; null if it begins after the end. */
    private record Part(String text, int start) {
        static Part of(String text, Bound bound, int first, Budget budget) {
            Object start = bound.get(first, null);
            Object end = bound.get(first + 1, null);
            if (start == null && end == null) {
                return new Part(text, 0);
            }
            int length = Text.length(text);
            long from = start == null ? 0 : bound.whole(first, 0);
            from = from < 0 ? Math.max(0, from + length) : from;
            if (from > length) {
                return null;
            }
            Object part = Attributes.slice(text, from, end, null, budget);
            long to = end == null ? length : bound.whole(first + 1, 0);
            to = to < 0 ? to + length : to;
            return to < from ? null : new Part((String) part, (int) from);
        }
    }
}
