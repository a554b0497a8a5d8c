package perdure.template;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code str.format}: fields in braces, by position or name, with attributes, keys and a format specification. */
final class BraceFormat {
    private static final Pattern FIELD =
            Pattern.compile("\\{\\{|\\}\\}|\\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\\}|[{}]");
    private static final Pattern PATH = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)\\]");

    private BraceFormat() {}

    static String format(String text, Arguments arguments, Budget budget) {
        StringBuilder out = new StringBuilder();
        Matcher field = FIELD.matcher(text);
        int end = 0;
        int next = 0;
        boolean byNumber = false;
        while (field.find()) {
            budget.step();
            out.append(text, end, field.start());
            end = field.end();
            String whole = field.group();
            if (whole.equals("{{") || whole.equals("}}")) {
                out.append(whole.charAt(0));
                continue;
            }
            if (field.group(1) == null) {
                throw new TemplateException("a brace of the format has no counterpart, or holds another");
            }
            boolean automatic =
                    field.group(1).isEmpty() || ".[".indexOf(field.group(1).charAt(0)) >= 0;
            if (automatic
                    ? byNumber
                    : next > 0 && Character.isDigit(field.group(1).charAt(0))) {
                throw new TemplateException("fields with numbers and fields without them cannot be mixed");
            }
            byNumber |= !automatic && Character.isDigit(field.group(1).charAt(0));
            Object value = value(automatic ? next++ + field.group(1) : field.group(1), arguments, budget);
            if (field.group(2) != null) {
                value = field.group(2).equals("r") ? Printing.written(value, budget) : Printing.text(value, budget);
            }
            String spec = field.group(3) == null ? "" : field.group(3);
            out.append(
                    spec.isEmpty()
                            ? Printing.text(value, budget)
                            : FormatSpec.parse(spec).written(value, budget));
            budget.more(0, out.length());
        }
        return out.append(text, end, text.length()).toString();
    }

    private static Object value(String field, Arguments arguments, Budget budget) {
        int head = 0;
        while (head < field.length() && ".[".indexOf(field.charAt(head)) < 0) {
            head++;
        }
        String name = field.substring(0, head);
        boolean byPosition =
                !name.isEmpty() && name.length() < 10 && name.chars().allMatch(c -> c >= '0' && c <= '9');
        Object value = byPosition
                ? Integer.parseInt(name) < arguments.positional().size()
                        ? arguments.positional().get(Integer.parseInt(name))
                        : Arguments.ABSENT
                : arguments.named().getOrDefault(name, Arguments.ABSENT);
        if (value == Arguments.ABSENT) {
            throw new TemplateException("the format has no value for " + Printing.quoted(name));
        }
        Matcher path = PATH.matcher(field).region(head, field.length());
        while (path.lookingAt()) {
            value = path.group(1) != null
                    ? Attributes.byDot(value, path.group(1), budget)
                    : Attributes.byKey(value, key(path.group(2)), budget);
            path.region(path.end(), field.length());
        }
        return value;
    }

    private static Object key(String text) {
        return text.length() < 10 && text.chars().allMatch(c -> c >= '0' && c <= '9')
                ? (Object) Long.valueOf(text)
                : text;
    }
}
