package perdure.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import perdure.template.Values.Markup;
import perdure.template.Values.Tuple;

/** Python's operators on numbers, texts and lists. True and False count as 1 and 0. */
final class Arithmetic {
    /** Of a whole number. */
    private static final int MOST_BITS = 8192;

    enum Operator {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR_DIVIDE("//"),
        REMAINDER("%"),
        POWER("**");

        final String sign;

        Operator(String sign) {
            this.sign = sign;
        }
    }

    private Arithmetic() {}

    static boolean isWhole(Object value) {
        return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
    }

    static boolean isNumber(Object value) {
        return isWhole(value) || value instanceof Double;
    }

    static BigInteger big(Object whole) {
        if (whole instanceof Boolean bool) {
            return bool ? BigInteger.ONE : BigInteger.ZERO;
        }
        return whole instanceof BigInteger big ? big : BigInteger.valueOf((Long) whole);
    }

    static double real(Object number) {
        if (number instanceof Double real) {
            return real;
        }
        double value = big(number).doubleValue();
        if (Double.isInfinite(value)) {
            throw new TemplateException("a whole number is too large for a floating-point number");
        }
        return value;
    }

    /** A whole number as Long where it fits. */
    static Object normal(BigInteger value) {
        if (value.bitLength() > MOST_BITS) {
            throw new TemplateException("a number has more than " + MOST_BITS + " bits");
        }
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    /** A whole number within the range of Long, where the exact value does not matter outside of it. */
    static long clamped(Object whole) {
        return whole instanceof BigInteger big
                ? big.signum() * Long.MAX_VALUE
                : big(whole).longValue();
    }

    /** A product of lengths, not beyond what Long holds. */
    static long product(long a, long b) {
        return a != 0 && b > Long.MAX_VALUE / a ? Long.MAX_VALUE : a * b;
    }

    static Object negated(Object value) {
        Undefined.refuse(value);
        if (isWhole(value)) {
            return normal(big(value).negate());
        }
        if (value instanceof Double number) {
            return -number;
        }
        throw new TemplateException("a " + Values.type(value) + " has no negative");
    }

    static Object plus(Object value) {
        return value instanceof Double ? value : negated(negated(value));
    }

    static Object apply(Operator operator, Object left, Object right, Budget budget) {
        if (operator == Operator.REMAINDER && Values.text(left) != null) {
            return PercentFormat.format(left, right, budget);
        }
        Undefined.refuse(left);
        Undefined.refuse(right);
        if (isNumber(left) && isNumber(right)) {
            return isWhole(left) && isWhole(right)
                    ? ofWhole(operator, big(left), big(right))
                    : ofReal(operator, real(left), real(right));
        }
        Object result = operator == Operator.ADD
                ? joined(left, right, budget)
                : operator == Operator.MULTIPLY ? repeated(left, right, budget) : null;
        if (result == null) {
            throw new TemplateException("unsupported operand types for " + operator.sign + ": '" + Values.type(left)
                    + "' and '" + Values.type(right) + "'");
        }
        return result;
    }

    private static Object ofWhole(Operator operator, BigInteger left, BigInteger right) {
        return switch (operator) {
            case ADD -> normal(left.add(right));
            case SUBTRACT -> normal(left.subtract(right));
            case MULTIPLY -> normal(left.multiply(right));
            case DIVIDE -> {
                requireNotZero(right.signum());
                boolean exact = left.bitLength() < 53 && right.bitLength() < 53;
                yield exact
                        ? left.doubleValue() / right.doubleValue()
                        : new BigDecimal(left)
                                .divide(new BigDecimal(right), MathContext.DECIMAL128)
                                .doubleValue();
            }
            case FLOOR_DIVIDE -> normal(floorDivided(left, right));
            case REMAINDER -> normal(left.subtract(floorDivided(left, right).multiply(right)));
            case POWER -> power(left, right);
        };
    }

    private static BigInteger floorDivided(BigInteger left, BigInteger right) {
        requireNotZero(right.signum());
        BigInteger[] parts = left.divideAndRemainder(right);
        boolean below = parts[1].signum() != 0 && parts[1].signum() != right.signum();
        return below ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    private static Object power(BigInteger base, BigInteger exponent) {
        if (exponent.signum() < 0) {
            return ofReal(Operator.POWER, real(normal(base)), real(normal(exponent)));
        }
        if (base.abs().bitLength() <= 1) { // 0, 1 or -1, to any power
            return normal(base.pow(exponent.signum() == 0 ? 0 : exponent.testBit(0) ? 1 : 2));
        }
        if (exponent.bitLength() > 31 || (long) (base.bitLength() - 1) * exponent.intValue() > MOST_BITS) {
            throw new TemplateException("a number has more than " + MOST_BITS + " bits");
        }
        return normal(base.pow(exponent.intValue()));
    }

    private static Object ofReal(Operator operator, double left, double right) {
        return switch (operator) {
            case ADD -> left + right;
            case SUBTRACT -> left - right;
            case MULTIPLY -> left * right;
            case DIVIDE -> {
                requireNotZero(right);
                yield left / right;
            }
            case FLOOR_DIVIDE -> {
                requireNotZero(right);
                double quotient = (left - remainder(left, right)) / right;
                double floor = Math.floor(quotient);
                yield quotient == 0 ? Math.copySign(0.0, left / right) : quotient - floor > 0.5 ? floor + 1 : floor;
            }
            case REMAINDER -> {
                requireNotZero(right);
                yield remainder(left, right);
            }
            case POWER -> {
                if (left == 0 && right < 0) {
                    throw new TemplateException("0.0 cannot be raised to a negative power");
                }
                double result = Math.pow(left, right);
                if (Double.isNaN(result) && !Double.isNaN(left) && !Double.isNaN(right)) {
                    throw new TemplateException("a negative number is raised to a fraction");
                }
                if (Double.isInfinite(result) && !Double.isInfinite(left) && !Double.isInfinite(right)) {
                    throw new TemplateException("the result of ** is too large");
                }
                yield result;
            }
        };
    }

    /** With the sign of the divisor. */
    private static double remainder(double left, double right) {
        double remainder = left % right;
        if (remainder == 0) {
            return Math.copySign(0.0, right);
        }
        return remainder < 0 != right < 0 ? remainder + right : remainder;
    }

    private static void requireNotZero(double divisor) {
        if (divisor == 0) {
            throw new TemplateException("division by zero");
        }
    }

    private static Object joined(Object left, Object right, Budget budget) {
        String first = Values.text(left);
        String second = Values.text(right);
        if (first != null && second != null) {
            boolean safe = left instanceof Markup || right instanceof Markup;
            String a = safe && left instanceof String ? Text.escaped(first, budget) : first;
            String b = safe && right instanceof String ? Text.escaped(second, budget) : second;
            budget.text((long) a.length() + b.length());
            return safe ? new Markup(a + b) : a + b;
        }
        if (left instanceof List && right instanceof List || left instanceof Tuple && right instanceof Tuple) {
            List<Object> items = new ArrayList<>(Values.sequence(left));
            items.addAll(Values.sequence(right));
            budget.steps(items.size());
            return left instanceof Tuple ? new Tuple(items) : items;
        }
        return null;
    }

    private static Object repeated(Object left, Object right, Budget budget) {
        if (isWhole(left) && !isWhole(right)) {
            return repeated(right, left, budget);
        }
        if (!isWhole(right)) {
            return null;
        }
        long times = Math.max(0, clamped(right));
        String text = Values.text(left);
        if (text != null) {
            String result = Text.repeat(text, times, budget);
            return left instanceof Markup ? new Markup(result) : result;
        }
        if (left instanceof List || left instanceof Tuple) {
            List<Object> once = Values.sequence(left);
            budget.steps(product(once.size(), times));
            List<Object> items = new ArrayList<>();
            for (long i = 0; i < times && !once.isEmpty(); i++) {
                items.addAll(once);
            }
            return left instanceof Tuple ? new Tuple(items) : items;
        }
        return null;
    }
}
