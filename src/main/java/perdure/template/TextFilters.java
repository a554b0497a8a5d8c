package perdure.template;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import perdure.template.Arguments.Bound;
import perdure.template.Filters.Filter;
import perdure.template.Values.Markup;

/** Filters that make a text. */
final class TextFilters {
    private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);

    private TextFilters() {}

    static Map<String, Filter> all() {
        Map<String, Filter> all = new HashMap<>();
        all.put("tojson", TextFilters::json);
        all.put("string", (value, arguments, budget) -> {
            arguments.bind("string", 0);
            return value instanceof Markup ? value : Printing.text(value, budget);
        });
        all.put("safe", (value, arguments, budget) -> new Markup(Printing.text(value, budget)));
        all.put("escape", (value, arguments, budget) -> escaped(value, budget));
        all.put("e", all.get("escape"));
        all.put(
                "forceescape",
                (value, arguments, budget) -> new Markup(Text.escaped(Printing.text(value, budget), budget)));
        all.put("upper", changed("upper", text -> text.toUpperCase(Locale.ROOT)));
        all.put("lower", changed("lower", text -> text.toLowerCase(Locale.ROOT)));
        all.put("capitalize", changed("capitalize", Letters::capitalized));
        all.put("title", changed("title", TextFilters::titled));
        all.put("trim", (value, arguments, budget) -> {
            String chars = arguments.bind("trim", 0, "chars").textOrNone(0);
            String text = Printing.text(value, budget);
            budget.search(text, chars == null ? "" : chars);
            return like(value, Text.strip(text, chars, true, true));
        });
        all.put("replace", (value, arguments, budget) -> {
            Bound bound = arguments.bind("replace", 2, "old", "new", "count");
            String old = Printing.text(bound.get(0, null), budget);
            String with = Printing.text(bound.get(1, null), budget);
            return Text.replace(Printing.text(value, budget), old, with, bound.wholeOrNone(2, -1), budget);
        });
        all.put("indent", TextFilters::indented);
        all.put("truncate", TextFilters::truncated);
        all.put("center", (value, arguments, budget) -> {
            long width = arguments.bind("center", 0, "width").whole(0, 80);
            return like(value, Letters.centered(Printing.text(value, budget), width, " ", budget));
        });
        all.put("wordcount", (value, arguments, budget) -> WORD.matcher(Printing.text(value, budget))
                .results()
                .count());
        all.put("format", (value, arguments, budget) -> {
            Object values = arguments.named().isEmpty()
                    ? new Values.Tuple(arguments.positional())
                    : new HashMap<Object, Object>(arguments.named());
            if (!arguments.named().isEmpty() && !arguments.positional().isEmpty()) {
                throw new TemplateException("format takes arguments by position or by name, not both");
            }
            Object text = value instanceof Markup ? value : Printing.text(value, budget);
            return PercentFormat.format(text, values, budget);
        });
        all.put("urlencode", TextFilters::urlEncoded);
        return all;
    }

    private static Filter changed(String name, UnaryOperator<String> change) {
        return (value, arguments, budget) -> {
            arguments.bind(name, 0);
            String text = Printing.text(value, budget);
            budget.text(text.length());
            return like(value, change.apply(text));
        };
    }

    /** A text that was made from one that is safe is safe. */
    private static Object like(Object value, String text) {
        return value instanceof Markup ? new Markup(text) : text;
    }

    private static Object escaped(Object value, Budget budget) {
        return value instanceof Markup ? value : new Markup(Text.escaped(Printing.text(value, budget), budget));
    }

    private static Object json(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        Object indent = bound.get(1, null);
        String level = indent == null
                ? null
                : Arithmetic.isWhole(indent) ? Text.repeat(" ", bound.whole(1, 0), budget) : bound.text(1, "");
        List<Object> separators = Values.sequence(bound.get(2, null));
        String between = level == null ? ", " : ",";
        String afterKey = ": ";
        if (separators != null && separators.size() == 2) {
            between = Printing.text(separators.get(0), budget);
            afterKey = Printing.text(separators.get(1), budget);
        }
        return new Json(level, between, afterKey, bound.truth(0, false), bound.truth(3, false), budget).written(value);
    }

    /** A word begins at the start and after white space, a hyphen or an opening bracket. */
    private static String titled(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean begins = true;
        for (int i = 0; i < text.length(); ) {
            int character = text.codePointAt(i);
            String letter = Character.toString(character);
            out.append(begins ? letter.toUpperCase(Locale.ROOT) : letter.toLowerCase(Locale.ROOT));
            begins = Text.isSpace(character) || "-({[<".indexOf(character) >= 0;
            i += letter.length();
        }
        return out.toString();
    }

    private static Object indented(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("indent", 0, "width", "first", "blank");
        Undefined.refuse(value);
        String text = Values.text(value);
        if (text == null) {
            throw new TemplateException("indent expects a string, not " + Values.type(value));
        }
        String width = Values.text(bound.get(0, null));
        String indent = width != null ? width : Text.repeat(" ", bound.whole(0, 4), budget);
        boolean blank = bound.truth(2, false);
        List<String> lines = new ArrayList<>();
        long length = 0;
        for (Object line : Text.lines(text + "\n", false)) {
            boolean indented = lines.isEmpty() ? bound.truth(1, false) : blank || !((String) line).isEmpty();
            budget.text(length += indent.length());
            lines.add(indented ? indent + line : (String) line);
        }
        return like(value, StringMethods.joined("\n", lines, budget));
    }

    private static Object truncated(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
        String text = Values.text(value);
        String end = bound.text(2, "...");
        long length = bound.whole(0, 255);
        long leeway = bound.wholeOrNone(3, 5);
        int endLength = Text.length(end);
        if (length < endLength || leeway < 0) {
            throw new TemplateException("truncate cannot shorten to " + length + " characters");
        }
        long most = length > Integer.MAX_VALUE || leeway > Integer.MAX_VALUE ? Integer.MAX_VALUE : length + leeway;
        if (Values.length(value) <= most) {
            return value;
        }
        if (text == null) {
            throw new TemplateException("truncate expects a string, not " + Values.type(value));
        }
        String kept = Text.between(text, 0, (int) length - endLength);
        if (!bound.truth(1, false) && kept.lastIndexOf(' ') >= 0) {
            kept = kept.substring(0, kept.lastIndexOf(' '));
        }
        return kept + end;
    }

    private static Object urlEncoded(Object value, Arguments arguments, Budget budget) {
        arguments.bind("urlencode", 0);
        if (Values.text(value) != null || !Values.isIterable(value)) {
            return encoded(Printing.text(value, budget), "/", budget);
        }
        List<String> pairs = new ArrayList<>();
        Object items = value instanceof Map ? Attributes.pairs(Values.dict(value), budget) : value;
        for (Object item : Values.list(items, budget)) {
            List<Object> pair = Values.list(item, budget);
            if (pair.size() != 2) {
                throw new TemplateException("urlencode expects pairs of key and value");
            }
            pairs.add(encoded(Printing.text(pair.get(0), budget), "", budget).replace("%20", "+") + "="
                    + encoded(Printing.text(pair.get(1), budget), "", budget).replace("%20", "+"));
        }
        return StringMethods.joined("&", pairs, budget);
    }

    private static String encoded(String text, String kept, Budget budget) {
        budget.text(9L * text.length());
        StringBuilder out = new StringBuilder();
        Matcher plain = Pattern.compile("[A-Za-z0-9_.~-]").matcher("");
        for (byte unit : text.getBytes(StandardCharsets.UTF_8)) {
            String character = String.valueOf((char) (unit & 0xff));
            boolean asIs = unit >= 0 && (plain.reset(character).matches() || kept.contains(character));
            out.append(asIs ? character : String.format("%%%02X", unit & 0xff));
        }
        return out.toString();
    }
}
