package perdure.template;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import perdure.template.Comparison.Operator;

/** What a template can ask of a value by {@code is}; Jinja calls them tests. */
final class Checks {
    /** One of them. */
    interface Check {
        boolean holds(Object value, Arguments arguments, Budget budget);
    }

    private static final Map<String, Check> ALL = new HashMap<>();

    static {
        plain("defined", value -> !(value instanceof Undefined));
        plain("undefined", value -> value instanceof Undefined);
        plain("none", value -> value == null);
        plain("boolean", value -> value instanceof Boolean);
        plain("true", value -> Boolean.TRUE.equals(value));
        plain("false", value -> Boolean.FALSE.equals(value));
        plain("integer", value -> Arithmetic.isWhole(value) && !(value instanceof Boolean));
        plain("float", value -> value instanceof Double);
        plain("number", Arithmetic::isNumber);
        plain("string", value -> Values.text(value) != null);
        plain("mapping", value -> value instanceof Map);
        plain("iterable", Values::isIterable);
        plain(
                "sequence",
                value -> Values.text(value) != null
                        || Values.sequence(value) != null
                        || value instanceof Map
                        || value instanceof Undefined);
        plain("callable", value -> value instanceof Callable || value instanceof Undefined);
        plain("escaped", value -> value instanceof Values.Markup);
        put("lower", (value, arguments, budget) -> Letters.isLower(Printing.text(value, budget)));
        put("upper", (value, arguments, budget) -> Letters.isUpper(Printing.text(value, budget)));
        put("filter", (value, arguments, budget) -> isName(value, budget) && Filters.find((String) value) != null);
        put("test", (value, arguments, budget) -> isName(value, budget) && find((String) value) != null);
        put("odd", (value, arguments, budget) -> remainderIs(value, 2L, 1L, budget));
        put("even", (value, arguments, budget) -> remainderIs(value, 2L, 0L, budget));
        put(
                "divisibleby",
                (value, arguments, budget) -> remainderIs(
                        value, arguments.bind("divisibleby", 1, "num").get(0, null), 0L, budget));
        put(
                "sameas",
                (value, arguments, budget) ->
                        isSame(value, arguments.bind("sameas", 1, "other").get(0, null)));
        put(
                "in",
                (value, arguments, budget) ->
                        Comparison.contains(arguments.bind("in", 1, "seq").get(0, null), value, budget));
        compared(Operator.EQUAL, "eq", "equalto");
        compared(Operator.NOT_EQUAL, "ne");
        compared(Operator.LESS, "lt", "lessthan");
        compared(Operator.LESS_OR_EQUAL, "le");
        compared(Operator.GREATER, "gt", "greaterthan");
        compared(Operator.GREATER_OR_EQUAL, "ge");
    }

    private Checks() {}

    /** Null if there is none of this name. */
    static Check find(String name) {
        return ALL.get(name);
    }

    static Check require(String name) {
        Check check = find(name);
        if (check == null) {
            throw new TemplateException("there is no test named '" + name + "'");
        }
        return check;
    }

    private static void put(String name, Check check) {
        ALL.put(name, check);
    }

    private static void plain(String name, Predicate<Object> holds) {
        put(name, (value, arguments, budget) -> {
            arguments.bind(name, 0);
            return holds.test(value);
        });
    }

    private static void compared(Operator operator, String... names) {
        Check check = (value, arguments, budget) -> Comparison.holds(
                operator, value, arguments.bind(operator.sign, 1, "other").get(0, null), budget);
        put(operator.sign, check);
        for (String name : names) {
            put(name, check);
        }
    }

    private static boolean remainderIs(Object value, Object divisor, Object wanted, Budget budget) {
        Object remainder = Arithmetic.apply(Arithmetic.Operator.REMAINDER, value, divisor, budget);
        return Comparison.equal(remainder, wanted, budget);
    }

    private static boolean isName(Object value, Budget budget) {
        Dicts.requireHashable(value, budget);
        return value instanceof String;
    }

    private static boolean isSame(Object value, Object other) {
        boolean simple = value instanceof Boolean || value instanceof Long || value instanceof String;
        return value == other || simple && value.equals(other);
    }
}
