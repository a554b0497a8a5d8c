package perdure.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import perdure.template.Values.DictView;
import perdure.template.Values.Range;
import perdure.template.Values.Tuple;

/** Values as Python prints them: {@code str} and {@code repr}. */
final class Printing {
    private final StringBuilder out = new StringBuilder();
    private final Budget budget;

    private Printing(Budget budget) {
        this.budget = budget;
    }

    /** {@code str(value)}: a string is itself. */
    static String text(Object value, Budget budget) {
        if (value instanceof Undefined) {
            return "";
        }
        String text = Values.text(value);
        return text != null ? text : written(value, budget);
    }

    /** {@code repr(value)}: a string has quotes and escapes. */
    static String written(Object value, Budget budget) {
        Printing printing = new Printing(budget);
        printing.write(value);
        return printing.out.toString();
    }

    private void write(Object value) {
        budget.enter();
        int before = out.length();
        String text = Values.text(value);
        if (text != null) {
            budget.text(text.length());
            out.append(value instanceof Values.Markup ? "Markup(" + quoted(text) + ")" : quoted(text));
        } else if (value instanceof Map) {
            writeDict(Values.dict(value));
        } else if (value instanceof List) {
            writeItems("[", Values.sequence(value), "]");
        } else if (value instanceof Tuple tuple) {
            writeItems("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")");
        } else if (value instanceof DictView view) {
            writeItems(view.type() + "([", view.items(), "])");
        } else if (value instanceof Namespace namespace) {
            out.append("<Namespace ");
            writeDict(namespace.attributes());
            out.append('>');
        } else {
            out.append(simple(value));
        }
        budget.more(before, out.length() - before);
        budget.leave();
    }

    private void writeItems(String open, List<Object> items, String close) {
        out.append(open);
        for (Iterator<Object> each = items.iterator(); each.hasNext(); ) {
            write(each.next());
            out.append(each.hasNext() ? ", " : "");
        }
        out.append(close);
    }

    private void writeDict(Map<Object, Object> dict) {
        out.append('{');
        for (Iterator<Map.Entry<Object, Object>> each = dict.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<Object, Object> entry = each.next();
            write(entry.getKey());
            out.append(": ");
            write(entry.getValue());
            out.append(each.hasNext() ? ", " : "");
        }
        out.append('}');
    }

    private static String simple(Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Boolean bool) {
            return bool ? "True" : "False";
        }
        if (value instanceof Double number) {
            return real(number);
        }
        if (value instanceof Undefined) {
            return "Undefined";
        }
        return value instanceof Number || value instanceof Range || value instanceof Macro || value instanceof LoopState
                ? value.toString()
                : value instanceof Lazy ? "<generator object>" : "<built-in method>";
    }

    /** The shortest decimal number that is read as the same one, as Python writes it. */
    static String real(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        String sign = number < 0 || 1 / number < 0 ? "-" : "";
        double size = Math.abs(number);
        if (size == 0) {
            return sign + "0.0";
        }
        BigDecimal exact = new BigDecimal(size);
        BigDecimal shortest = exact;
        for (int digits = 1; digits <= 17; digits++) {
            shortest = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (shortest.doubleValue() == size) {
                break;
            }
        }
        shortest = shortest.stripTrailingZeros();
        String digits = shortest.unscaledValue().toString();
        int exponent = digits.length() - 1 - shortest.scale();
        if (exponent >= -4 && exponent < 16) {
            return sign + (shortest.scale() <= 0 ? shortest.toPlainString() + ".0" : shortest.toPlainString());
        }
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        String power = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        return sign + digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+") + power;
    }

    /** A string as Python writes it in source code. */
    static String quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder quoted = new StringBuilder(text.length() + 2).append(quote);
        text.codePoints().forEach(character -> {
            switch (character) {
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (character == quote) {
                        quoted.append('\\').append(quote);
                    } else if (isPrintable(character)) {
                        quoted.appendCodePoint(character);
                    } else {
                        String format = character < 0x100 ? "\\x%02x" : character < 0x10000 ? "\\u%04x" : "\\U%08x";
                        quoted.append(String.format(format, character));
                    }
                }
            }
        });
        return quoted.append(quote).toString();
    }

    static boolean isPrintable(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> character == ' ';
            default -> true;
        };
    }
}
