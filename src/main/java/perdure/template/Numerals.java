package perdure.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;

/** Python's {@code int}, {@code float} and {@code round}. What cannot be read is null. */
final class Numerals {
    private static final int MOST_DIGITS = 4300;
    private static final Pattern REAL = Pattern.compile("[+-]?(\\d++\\.?\\d*+|\\.\\d++)([eE][+-]?\\d{1,9})?");
    private static final Pattern NAMED = Pattern.compile("[+-]?(inf|infinity|nan)", Pattern.CASE_INSENSITIVE);

    private Numerals() {}

    /** The whole number that a string holds in this base; 0 finds the base from the prefix. */
    static Object whole(String text, int base) {
        String digits = text.strip();
        if (!hasGoodUnderscores(digits) || digits.length() > MOST_DIGITS) {
            return null;
        }
        digits = digits.replace("_", "");
        String sign = digits.startsWith("-") ? "-" : "";
        String rest = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
        String prefix = rest.length() > 2 ? rest.substring(0, 2).toLowerCase(Locale.ROOT) : "";
        int ofPrefix = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
        int radix = base;
        if (ofPrefix != 0 && (base == 0 || base == ofPrefix)) {
            rest = rest.substring(2);
            radix = ofPrefix;
        } else if (base == 0) {
            radix = 10;
        }
        int used = radix;
        boolean readable = radix >= 2 && radix <= 36 && !rest.isEmpty();
        if (!readable || !rest.chars().allMatch(digit -> Character.digit(digit, used) >= 0)) {
            return null;
        }
        return Arithmetic.normal(new BigInteger(sign + rest, radix));
    }

    private static boolean hasGoodUnderscores(String digits) {
        return !digits.startsWith("_") && !digits.endsWith("_") && !digits.contains("__");
    }

    static Double real(String text) {
        String number = text.strip();
        if (NAMED.matcher(number).matches()) {
            boolean negative = number.startsWith("-");
            String name = number.replaceFirst("^[+-]", "");
            return name.equalsIgnoreCase("nan")
                    ? Double.NaN
                    : negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        boolean readable = number.length() <= MOST_DIGITS && hasGoodUnderscores(number);
        String plain = readable ? number.replace("_", "") : "";
        return REAL.matcher(plain).matches() ? Double.valueOf(plain) : null;
    }

    /** Towards zero; null for infinite numbers and NaN. */
    static Object truncated(double number) {
        return Double.isFinite(number) ? Arithmetic.normal(new BigDecimal(number).toBigInteger()) : null;
    }

    /** To so many digits after the point, half to even. Whole numbers stay whole. */
    static Object rounded(Object number, long digits) {
        if (number instanceof Double real) {
            if (!Double.isFinite(real) || digits > 400) {
                return real;
            }
            double rounded = digits < -400
                    ? 0
                    : new BigDecimal(real)
                            .setScale((int) digits, RoundingMode.HALF_EVEN)
                            .doubleValue();
            return Math.copySign(rounded, real);
        }
        BigInteger whole = Arithmetic.big(number);
        if (digits >= 0) {
            return Arithmetic.normal(whole);
        }
        return digits < -MOST_DIGITS
                ? (Object) 0L
                : Arithmetic.normal(new BigDecimal(whole)
                        .setScale((int) digits, RoundingMode.HALF_EVEN)
                        .toBigInteger());
    }
}
