package perdure.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import perdure.template.Values.Range;
import perdure.template.Values.Tuple;

/**
 * JSON as Python's {@code json.dumps} writes it, which is the {@code tojson} of chat templates.
 *
 * @param indent of one level; null for all in one line
 */
record Json(
        String indent, String itemSeparator, String keySeparator, boolean asciiOnly, boolean sortKeys, Budget budget) {

    String written(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, "\n", out);
        return out.toString();
    }

    /** @param newLine a line break with the indentation of the level that the value is on */
    private void write(Object value, String newLine, StringBuilder out) {
        budget.enter();
        int before = out.length();
        budget.more(before, newLine.length());
        String text = Values.text(value);
        List<Object> items = value instanceof Range ? null : Values.sequence(value);
        if (text != null) {
            quote(text, out);
        } else if (value instanceof Map) {
            writeDict(Values.dict(value), newLine, out);
        } else if (items != null) {
            out.append('[');
            String inner = indent == null ? "" : newLine + indent;
            for (Iterator<Object> each = items.iterator(); each.hasNext(); ) {
                out.append(inner);
                write(each.next(), inner, out);
                out.append(each.hasNext() ? itemSeparator : "");
            }
            out.append(indent == null || items.isEmpty() ? "" : newLine).append(']');
        } else {
            out.append(scalar(value));
        }
        budget.more(before, out.length() - before);
        budget.leave();
    }

    private void writeDict(Map<Object, Object> dict, String newLine, StringBuilder out) {
        List<Map.Entry<Object, Object>> entries = new ArrayList<>(dict.entrySet());
        if (sortKeys) {
            entries.sort((a, b) -> Comparison.compare("<", a.getKey(), b.getKey(), budget));
        }
        out.append('{');
        String inner = indent == null ? "" : newLine + indent;
        for (Iterator<Map.Entry<Object, Object>> each = entries.iterator(); each.hasNext(); ) {
            Map.Entry<Object, Object> entry = each.next();
            Object key = entry.getKey();
            if (key instanceof Tuple) {
                throw new TemplateException("keys of JSON must be str, int, float, bool or None, not tuple");
            }
            out.append(inner);
            quote(Values.text(key) != null ? Values.text(key) : scalar(key), out);
            out.append(keySeparator);
            write(entry.getValue(), inner, out);
            out.append(each.hasNext() ? itemSeparator : "");
        }
        out.append(indent == null || entries.isEmpty() ? "" : newLine).append('}');
    }

    private static String scalar(Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Double number) {
            if (number.isNaN()) {
                return "NaN";
            }
            return number.isInfinite() ? number > 0 ? "Infinity" : "-Infinity" : Printing.real(number);
        }
        if (value instanceof Boolean || value instanceof Number) {
            return value.toString();
        }
        throw new TemplateException("Object of type " + Values.type(value) + " is not JSON serializable");
    }

    private void quote(String text, StringBuilder out) {
        budget.text(text.length());
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            switch (character) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (character < ' ' || asciiOnly && character > '~') {
                        out.append(String.format("\\u%04x", (int) character));
                    } else {
                        out.append(character);
                    }
                }
            }
        }
        out.append('"');
    }
}
