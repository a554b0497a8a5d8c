package perdure.template;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import perdure.template.Values.DictView;
import perdure.template.Values.Range;
import perdure.template.Values.Tuple;

/** Python's {@code ==}, {@code <} and {@code in}. */
final class Comparison {
    enum Operator {
        EQUAL("=="),
        NOT_EQUAL("!="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        IN("in"),
        NOT_IN("not in");

        final String sign;

        Operator(String sign) {
            this.sign = sign;
        }
    }

    private Comparison() {}

    static boolean holds(Operator operator, Object left, Object right, Budget budget) {
        return switch (operator) {
            case EQUAL -> equal(left, right, budget);
            case NOT_EQUAL -> !equal(left, right, budget);
            case IN -> contains(right, left, budget);
            case NOT_IN -> !contains(right, left, budget);
            default -> inOrder(operator, left, right, budget);
        };
    }

    private static boolean inOrder(Operator operator, Object left, Object right, Budget budget) {
        if (isNaN(left) || isNaN(right)) {
            return false;
        }
        int order = compare(operator.sign, left, right, budget);
        return switch (operator) {
            case LESS -> order < 0;
            case LESS_OR_EQUAL -> order <= 0;
            case GREATER -> order > 0;
            default -> order >= 0;
        };
    }

    static boolean equal(Object left, Object right, Budget budget) {
        budget.enter();
        boolean equal = equalWithin(left, right, budget);
        budget.leave();
        return equal;
    }

    private static boolean equalWithin(Object left, Object right, Budget budget) {
        if (Arithmetic.isNumber(left) && Arithmetic.isNumber(right)) {
            return !isNaN(left) && compareNumbers(left, right) == 0;
        }
        if (left == right) {
            return true;
        }
        if (left == null || right == null) {
            return false;
        }
        String text = Values.text(left);
        if (text != null) {
            budget.work(text.length());
            return text.equals(Values.text(right));
        }
        if (left instanceof Map && right instanceof Map) {
            return equalDicts(Values.dict(left), Values.dict(right), budget);
        }
        boolean sameKind = left instanceof List && right instanceof List
                || left instanceof Tuple && right instanceof Tuple
                || left instanceof Range && right instanceof Range;
        if (sameKind) {
            return equalItems(Values.sequence(left), Values.sequence(right), budget);
        }
        return left instanceof Undefined && right instanceof Undefined;
    }

    private static boolean equalItems(List<Object> left, List<Object> right, Budget budget) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!equal(left.get(i), right.get(i), budget)) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalDicts(Map<Object, Object> left, Map<Object, Object> right, Budget budget) {
        if (left.size() != right.size()) {
            return false;
        }
        for (Map.Entry<Object, Object> entry : left.entrySet()) {
            Object other = Dicts.get(right, entry.getKey(), budget);
            if (other == Arguments.ABSENT || !equal(entry.getValue(), other, budget)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNaN(Object value) {
        return value instanceof Double number && number.isNaN();
    }

    /** A total order, so that everything can be sorted: NaN is above all numbers. */
    private static int compareNumbers(Object left, Object right) {
        if (left instanceof Double a && right instanceof Double b) {
            return a.doubleValue() == b.doubleValue() ? 0 : a.compareTo(b);
        }
        if (left instanceof Double a && !Double.isFinite(a)) {
            return a < 0 ? -1 : 1;
        }
        if (right instanceof Double b && !Double.isFinite(b)) {
            return b < 0 ? 1 : -1;
        }
        return exact(left).compareTo(exact(right));
    }

    private static BigDecimal exact(Object number) {
        return number instanceof Double real ? new BigDecimal(real) : new BigDecimal(Arithmetic.big(number));
    }

    /**
     * Less than 0, 0 or more than 0 as the left value is less than, equal to or greater than the right one.
     *
     * @param sign the operator, for the message if the two have no order
     */
    static int compare(String sign, Object left, Object right, Budget budget) {
        Undefined.refuse(left);
        Undefined.refuse(right);
        if (Arithmetic.isNumber(left) && Arithmetic.isNumber(right)) {
            return compareNumbers(left, right);
        }
        String a = Values.text(left);
        String b = Values.text(right);
        if (a != null && b != null) {
            budget.work(Math.min(a.length(), b.length()));
            return Text.compare(a, b);
        }
        if (left instanceof List && right instanceof List || left instanceof Tuple && right instanceof Tuple) {
            return compareItems(sign, Values.sequence(left), Values.sequence(right), budget);
        }
        throw new TemplateException(
                "'" + sign + "' is not supported between '" + Values.type(left) + "' and '" + Values.type(right) + "'");
    }

    private static int compareItems(String sign, List<Object> left, List<Object> right, Budget budget) {
        for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
            if (!equal(left.get(i), right.get(i), budget)) {
                budget.enter();
                int order = compare(sign, left.get(i), right.get(i), budget);
                budget.leave();
                return order;
            }
        }
        return Integer.compare(left.size(), right.size());
    }

    static boolean contains(Object container, Object wanted, Budget budget) {
        String text = Values.text(container);
        if (text != null) {
            Undefined.refuse(wanted);
            String part = Values.text(wanted);
            if (part == null) {
                throw new TemplateException(
                        "'in <string>' requires string as left operand, not " + Values.type(wanted));
            }
            budget.search(text, part);
            return text.contains(part);
        }
        if (container instanceof Map) {
            return Dicts.contains(Values.dict(container), wanted, budget);
        }
        if (container instanceof DictView view && view.type().equals("dict_keys")) {
            Dicts.requireHashable(wanted, budget);
        }
        if (!Values.isIterable(container)) {
            throw new TemplateException("argument of type '" + Values.type(container) + "' is not iterable");
        }
        for (Iterator<Object> items = Values.iterate(container); items.hasNext(); ) {
            if (equal(items.next(), wanted, budget)) {
                return true;
            }
        }
        return false;
    }
}
