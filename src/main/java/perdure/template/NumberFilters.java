package perdure.template;

import java.util.HashMap;
import java.util.Map;
import perdure.template.Arguments.Bound;
import perdure.template.Filters.Filter;

/** Filters that make a number. */
final class NumberFilters {
    private NumberFilters() {}

    static Map<String, Filter> all() {
        Map<String, Filter> all = new HashMap<>();
        all.put("int", NumberFilters::whole);
        all.put("float", (value, arguments, budget) -> {
            Bound bound = arguments.bind("float", 0, "default");
            Undefined.refuse(value);
            Object number = real(value);
            return number == null ? bound.get(0, 0.0) : number;
        });
        all.put("abs", (value, arguments, budget) -> {
            arguments.bind("abs", 0);
            if (!Arithmetic.isNumber(value)) {
                Undefined.refuse(value);
                throw new TemplateException("abs expects a number, not " + Values.type(value));
            }
            return value instanceof Double real
                    ? (Object) Math.abs(real)
                    : Arithmetic.normal(Arithmetic.big(value).abs());
        });
        all.put("round", NumberFilters::rounded);
        return all;
    }

    private static Object whole(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("int", 0, "default", "base");
        Undefined.refuse(value);
        Object number = null;
        if (Arithmetic.isWhole(value)) {
            number = Arithmetic.normal(Arithmetic.big(value));
        } else if (Values.text(value) != null) {
            number = Numerals.whole(Values.text(value), (int) Math.max(-1, Math.min(99, bound.whole(1, 10))));
        }
        if (number == null && real(value) != null) {
            number = Numerals.truncated(real(value));
        }
        return number == null ? bound.get(0, 0L) : number;
    }

    /** Null if the value is no number and holds none. */
    private static Double real(Object value) {
        String text = Values.text(value);
        if (text != null) {
            return Numerals.real(text);
        }
        return Arithmetic.isNumber(value) ? (Double) Arithmetic.real(value) : null;
    }

    private static Object rounded(Object value, Arguments arguments, Budget budget) {
        Bound bound = arguments.bind("round", 0, "precision", "method");
        if (!Arithmetic.isNumber(value)) {
            Undefined.refuse(value);
            throw new TemplateException("round expects a number, not " + Values.type(value));
        }
        long precision = bound.whole(0, 0);
        String method = bound.text(1, "common");
        if (method.equals("common")) {
            return Numerals.rounded(value, precision);
        }
        if (!method.equals("ceil") && !method.equals("floor")) {
            throw new TemplateException("the method of round must be common, ceil or floor");
        }
        Object factor = Arithmetic.apply(Arithmetic.Operator.POWER, 10L, precision, budget);
        Object scaled = Arithmetic.apply(Arithmetic.Operator.MULTIPLY, value, factor, budget);
        if (scaled instanceof Double real) {
            scaled = Numerals.truncated(method.equals("ceil") ? Math.ceil(real) : Math.floor(real));
        }
        if (scaled == null) {
            throw new TemplateException("round expects a finite number");
        }
        return Arithmetic.apply(Arithmetic.Operator.DIVIDE, scaled, factor, budget);
    }
}
