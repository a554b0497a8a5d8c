package perdure.template;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import perdure.template.Values.Tuple;

/** The operator {@code %} of strings, as in {@code "%s is %.1f" % (name, number)}. */
final class PercentFormat {
    private static final Pattern FIELD = Pattern.compile(
            "%(?:\\(([^)]*)\\))?([-+ #0]*)(\\d{1,9}|\\*)?(?:\\.(\\d{0,9}|\\*))?[hlL]?(.)?", Pattern.DOTALL);

    private static final int LONGEST_FORMAT = 1 << 16;

    private PercentFormat() {}

    static Object format(Object format, Object values, Budget budget) {
        String text = Values.text(format);
        if (text.length() > LONGEST_FORMAT) {
            throw new TemplateException("a format has more than " + LONGEST_FORMAT + " characters");
        }
        boolean safe = format instanceof Values.Markup;
        List<Object> given = values instanceof Tuple tuple ? tuple.items() : Collections.singletonList(values);
        StringBuilder out = new StringBuilder();
        Matcher field = FIELD.matcher(text);
        int next = 0;
        int end = 0;
        boolean byName = false;
        while (field.find()) {
            budget.step();
            out.append(text, end, field.start());
            end = field.end();
            String type = field.group(5);
            if (type == null) {
                throw new TemplateException("incomplete format");
            }
            if (type.equals("%")) {
                out.append('%');
                continue;
            }
            Object value;
            if (field.group(1) != null) {
                byName = true;
                value = named(values, field.group(1), budget);
            } else if (next < given.size() && !"*".equals(field.group(3)) && !"*".equals(field.group(4))) {
                value = given.get(next++);
            } else {
                throw new TemplateException("not enough arguments for format string");
            }
            String written = written(value, field, type.charAt(0), budget);
            out.append(safe && !(value instanceof Values.Markup) ? Text.escaped(written, budget) : written);
            budget.more(0, out.length());
        }
        out.append(text, end, text.length());
        boolean rest = next < given.size() && !byName;
        if (rest && !(values instanceof Map || values instanceof List || values instanceof Undefined)) {
            throw new TemplateException("not all arguments converted during string formatting");
        }
        budget.text(out.length());
        return safe ? new Values.Markup(out.toString()) : out.toString();
    }

    private static Object named(Object values, String name, Budget budget) {
        if (!(values instanceof Map)) {
            throw new TemplateException("format requires a mapping");
        }
        Object value = Dicts.get(Values.dict(values), name, budget);
        if (value == Arguments.ABSENT) {
            throw new TemplateException("the format has no value for " + Printing.quoted(name));
        }
        return value;
    }

    private static String written(Object value, Matcher field, char type, Budget budget) {
        String flags = field.group(2);
        String digits = field.group(4);
        long width = field.group(3) == null ? 0 : Long.parseLong(field.group(3));
        int precision = digits == null ? -1 : digits.isEmpty() ? 0 : Integer.parseInt(digits);
        boolean left = flags.contains("-");
        boolean number = "diuxXoeEfFgG".indexOf(type) >= 0;
        boolean zero = flags.contains("0") && !left && number;
        char sign = flags.contains("+") ? '+' : flags.contains(" ") ? ' ' : '-';
        char align = left ? '<' : zero ? '=' : '>';
        if (!number) {
            String text =
                    switch (type) {
                        case 's' -> Printing.text(value, budget);
                        case 'r', 'a' -> Printing.written(value, budget);
                        default -> throw new TemplateException("unsupported format character '" + type + "'");
                    };
            return new FormatSpec(" ", align, '-', false, width, (char) 0, precision, 's').written(text, budget);
        }
        if (!Arithmetic.isNumber(value)) {
            Undefined.refuse(value);
            throw new TemplateException("%" + type + " requires a number, not " + Values.type(value));
        }
        boolean whole = "diuxXo".indexOf(type) >= 0;
        char letter = type == 'i' || type == 'u' ? 'd' : type;
        Object shown =
                whole && value instanceof Double real && "diu".indexOf(type) >= 0 ? Numerals.truncated(real) : value;
        if (whole && shown instanceof Double) {
            throw new TemplateException("%" + type + " requires a whole number, not float");
        }
        FormatSpec spec = new FormatSpec(
                zero ? "0" : " ", align, sign, flags.contains("#"), width, (char) 0, whole ? -1 : precision, letter);
        return spec.written(shown, budget);
    }
}
