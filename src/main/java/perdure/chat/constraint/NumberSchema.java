package perdure.chat.constraint;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/**
 * Numbers within bounds, written without an exponent. Numbers that need not be whole have at most 15 digits, so that
 * none changes its place beside a bound when it is read as a double.
 */
final class NumberSchema extends Schema {
    private static final BigDecimal FAR = BigDecimal.TEN.pow(15).subtract(BigDecimal.ONE);
    /** Whole numbers without a bound have 32 bits, which the usual integer of every language reads. */
    private static final BigDecimal WHOLE = BigDecimal.valueOf(Integer.MAX_VALUE);

    private static final int WHOLE_DIGITS = 18;
    private static final int DIGITS = 15;
    private static final long[] POWERS = new long[WHOLE_DIGITS + 1];

    static {
        POWERS[0] = 1;
        for (int i = 1; i < POWERS.length; i++) {
            POWERS[i] = POWERS[i - 1] * 10;
        }
    }

    private final boolean whole;
    private final int mostDigits;
    /**
     * By sign (0 is plus) and digits after the point: the least and the largest magnitude in units of the last digit.
     */
    private final long[][] lowest;

    private final long[][] highest;

    /**
     * @param lower the least number, or null
     * @param upper the largest number, or null
     */
    NumberSchema(boolean whole, BigDecimal lower, BigDecimal upper) {
        BigDecimal usual = whole ? WHOLE : FAR;
        boolean large = lower != null && lower.compareTo(usual) > 0;
        boolean small = upper != null && upper.compareTo(usual.negate()) < 0;
        BigDecimal least = lower != null ? lower : (small ? FAR : usual).negate();
        BigDecimal most = upper != null ? upper : large ? FAR : usual;
        this.whole = whole;
        this.mostDigits = whole ? WHOLE_DIGITS : DIGITS;
        int fractions = whole ? 1 : DIGITS;
        this.lowest = new long[2][fractions];
        this.highest = new long[2][fractions];
        for (int fraction = 0; fraction < fractions; fraction++) {
            lowest[0][fraction] = units(least.max(BigDecimal.ZERO), fraction, RoundingMode.CEILING);
            highest[0][fraction] = units(most, fraction, RoundingMode.FLOOR);
            // Zero has no minus.
            lowest[1][fraction] = Math.max(1, units(most.negate(), fraction, RoundingMode.CEILING));
            highest[1][fraction] = least.signum() < 0 ? units(least.negate(), fraction, RoundingMode.FLOOR) : -1;
        }
    }

    private static long units(BigDecimal bound, int fraction, RoundingMode rounding) {
        if (bound.signum() < 0) {
            return -1;
        }
        BigDecimal beyond = BigDecimal.valueOf(POWERS[WHOLE_DIGITS]);
        return bound.min(beyond)
                .movePointRight(fraction)
                .setScale(0, rounding)
                .min(beyond)
                .longValue();
    }

    @Override
    Shortest shortest() {
        long bytes = start(false).least();
        return bytes < NONE ? new Shortest(bytes, 0) : Shortest.ABSENT;
    }

    @Override
    void begin(int first, Stack below, List<Stack> out) {
        if (first == '-') {
            Numeral minus = start(true);
            if (minus.least() < NONE) {
                out.add(below.push(minus));
            }
        } else {
            below.push(start(false)).next(first, out);
        }
    }

    /** Before the first digit. */
    private Numeral start(boolean negative) {
        return new Numeral(this, negative, 0, 0, -1);
    }

    /**
     * @param digits all digits so far
     * @param before how many of them stand before the point
     * @param after how many of them stand after the point; -1 without a point
     */
    private record Numeral(NumberSchema schema, boolean negative, long digits, int before, int after) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            Numeral longer = null;
            if (next >= '0' && next <= '9' && before + Math.max(0, after) < schema.mostDigits) {
                long more = digits * 10 + next - '0';
                if (after >= 0) {
                    longer = new Numeral(schema, negative, more, before, after + 1);
                } else if (before == 0 || digits > 0) {
                    longer = new Numeral(schema, negative, more, before + 1, -1);
                }
            } else if (next == '.' && after < 0 && before > 0 && !schema.whole) {
                longer = new Numeral(schema, negative, digits, before, 0);
            }
            if (longer != null && longer.least() < NONE) {
                out.add(here.below().push(longer));
            }
            if (longer == null && mayEnd()) {
                here.below().next(next, out);
            }
        }

        @Override
        public boolean mayEnd() {
            return before > 0 && after != 0 && isReached(0, 0);
        }

        /** The fewest digits, with a point if there is none yet, that make a number within the bounds. */
        @Override
        public long least() {
            if (before == 0 && !negative) {
                return Math.min(fewest(), 1 + schema.start(true).fewest());
            }
            return fewest();
        }

        private long fewest() {
            for (int count = 0; count <= schema.mostDigits + 1; count++) {
                if (after >= 0) {
                    if (after + count > 0 && isReached(0, count)) {
                        return count;
                    }
                    continue;
                }
                if (before + count > 0 && isReached(count, 0)) {
                    return count;
                }
                for (int fraction = 1; fraction < count && !schema.whole; fraction++) {
                    int others = count - 1 - fraction;
                    if (before + others > 0 && isReached(others, fraction)) {
                        return count;
                    }
                }
            }
            return NONE;
        }

        /** Whether that many more digits before the point, and after it, can make a number within the bounds. */
        private boolean isReached(int moreBefore, int moreAfter) {
            int fraction = Math.max(0, after) + moreAfter;
            int all = before + moreBefore + fraction;
            boolean leadingZero = before > 0 && digits == 0 && moreBefore > 0 && after < 0;
            if (all > schema.mostDigits || leadingZero || fraction >= schema.lowest[0].length) {
                return false;
            }
            long unit = POWERS[moreBefore + moreAfter];
            long first = digits * unit;
            if (before == 0 && moreBefore > 1) {
                first = POWERS[all - 1]; // no leading zero
            }
            int sign = negative ? 1 : 0;
            long low = Math.max(first, schema.lowest[sign][fraction]);
            long high = Math.min(digits * unit + unit - 1, schema.highest[sign][fraction]);
            return low <= high;
        }
    }
}
