package perdure.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How one value is written by {@code str.format} and {@code %}: Python's format specification, without {@code n}.
 *
 * @param align {@code <}, {@code >}, {@code ^}, {@code =} (fill after the sign), or 0 for that of the type
 * @param sign {@code +}, {@code -} or a space
 * @param grouping {@code ,} or {@code _} between groups of digits, or 0
 * @param precision -1 if not given
 * @param type the letter, or 0 for that of the value
 */
record FormatSpec(
        String fill, char align, char sign, boolean alternate, long width, char grouping, int precision, char type) {
    private static final Pattern SPEC = Pattern.compile(
            "(?s:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d{1,9})?([,_])?(?:\\.(\\d{1,9}))?([a-zA-Z%])?", Pattern.UNICODE_CASE);
    private static final int MOST_DIGITS = 1000;

    FormatSpec {
        if (precision > MOST_DIGITS && "s\0".indexOf(type) < 0) {
            throw new TemplateException("a number is to be written with more than " + MOST_DIGITS + " digits");
        }
    }

    static FormatSpec parse(String text) {
        Matcher matcher = SPEC.matcher(text);
        if (!matcher.matches()) {
            throw new TemplateException("invalid format specification " + Printing.quoted(text));
        }
        boolean zero = matcher.group(5) != null;
        char align = first(matcher.group(2), zero ? '=' : 0);
        String fill = matcher.group(1) != null ? matcher.group(1) : zero ? "0" : " ";
        return new FormatSpec(
                fill,
                align,
                first(matcher.group(3), '-'),
                matcher.group(4) != null,
                matcher.group(6) == null ? 0 : Long.parseLong(matcher.group(6)),
                first(matcher.group(7), (char) 0),
                matcher.group(8) == null ? -1 : Integer.parseInt(matcher.group(8)),
                first(matcher.group(9), (char) 0));
    }

    private static char first(String group, int otherwise) {
        return group == null ? (char) otherwise : group.charAt(0);
    }

    String written(Object value, Budget budget) {
        if (Arithmetic.isNumber(value)) {
            if (value instanceof Double || "eEfFgG%".indexOf(type) >= 0 && type != 0) {
                return real(Arithmetic.real(value), budget);
            }
            return whole(Arithmetic.big(value), budget);
        }
        if (type != 0 && type != 's' || align == '=' || grouping != 0 || sign != '-') {
            throw unfit(Values.type(value));
        }
        String text = Values.text(value);
        if (text == null) {
            throw unfit(Values.type(value));
        }
        boolean shorter = precision >= 0 && precision < Text.length(text);
        return padded("", shorter ? Text.between(text, 0, precision) : text, '<', budget);
    }

    private TemplateException unfit(String what) {
        return new TemplateException("a value of type " + what + " cannot be written by this format");
    }

    private String whole(BigInteger value, Budget budget) {
        if (precision >= 0) {
            throw new TemplateException("precision is not allowed for whole numbers");
        }
        BigInteger size = value.abs();
        return switch (type) {
            case 0, 'd' -> padded(signOf(value.signum() < 0), grouped(size.toString(), 3), '>', budget);
            case 'x' -> padded(signOf(value.signum() < 0) + (alternate ? "0x" : ""), size.toString(16), '>', budget);
            case 'X' ->
                padded(
                        signOf(value.signum() < 0) + (alternate ? "0X" : ""),
                        size.toString(16).toUpperCase(Locale.ROOT),
                        '>',
                        budget);
            case 'o' -> padded(signOf(value.signum() < 0) + (alternate ? "0o" : ""), size.toString(8), '>', budget);
            case 'b' -> padded(signOf(value.signum() < 0) + (alternate ? "0b" : ""), size.toString(2), '>', budget);
            default -> throw unfit("int");
        };
    }

    private String signOf(boolean negative) {
        return negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
    }

    private String grouped(String digits, int size) {
        if (grouping == 0) {
            return digits;
        }
        StringBuilder out = new StringBuilder(digits);
        for (int i = digits.length() - size; i > 0; i -= size) {
            out.insert(i, grouping);
        }
        return out.toString();
    }

    private String real(double value, Budget budget) {
        boolean negative = value < 0 || value == 0 && 1 / value < 0;
        double shown = type == '%' ? value * 100 : value;
        String text = Double.isFinite(shown) ? digits(new BigDecimal(Math.abs(shown))) : Printing.real(Math.abs(shown));
        String percent = type == '%' ? "%" : "";
        if (type == 0 && precision < 0 && Double.isFinite(shown)) {
            text = Printing.real(Math.abs(shown));
        }
        int point =
                text.indexOf('.') >= 0 ? text.indexOf('.') : text.indexOf('e') >= 0 ? text.indexOf('e') : text.length();
        String whole = Double.isFinite(shown) ? grouped(text.substring(0, point), 3) : text.substring(0, point);
        String all = whole + text.substring(point) + percent;
        boolean capitals = type == 'E' || type == 'F' || type == 'G';
        return padded(signOf(negative), capitals ? all.toUpperCase(Locale.ROOT) : all, '>', budget);
    }

    private String digits(BigDecimal size) {
        int places = precision < 0 ? 6 : precision;
        return switch (type) {
            case 'f', 'F', '%' -> size.setScale(places, RoundingMode.HALF_EVEN).toPlainString();
            case 'e', 'E' -> scientific(size, places);
            case 'g', 'G' -> general(size, Math.max(1, places), false);
            case 0 -> general(size, Math.max(1, places), true);
            default -> throw unfit("float");
        };
    }

    private static String scientific(BigDecimal size, int places) {
        BigDecimal rounded = size.round(new MathContext(places + 1, RoundingMode.HALF_EVEN));
        int exponent = size.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        String mantissa = rounded.movePointLeft(exponent)
                .setScale(places, RoundingMode.HALF_EVEN)
                .toPlainString();
        int power = Math.abs(exponent);
        return mantissa + (exponent < 0 ? "e-" : "e+") + (power < 10 ? "0" : "") + power;
    }

    /** Fixed or with an exponent, whichever is shorter, without zeros at the end. */
    private static String general(BigDecimal size, int digits, boolean keepPoint) {
        BigDecimal rounded = size.round(new MathContext(digits, RoundingMode.HALF_EVEN));
        int exponent = size.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        if (exponent < -4 || exponent >= (keepPoint ? Math.max(1, digits - 1) : digits)) {
            String text = scientific(rounded, digits - 1);
            int at = text.indexOf('e');
            return withoutZeros(text.substring(0, at)) + text.substring(at);
        }
        String plain = withoutZeros(rounded.toPlainString());
        return keepPoint && plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }

    private static String withoutZeros(String number) {
        if (number.indexOf('.') < 0) {
            return number;
        }
        String stripped = Text.strip(number, "0", false, true);
        return stripped.endsWith(".") ? stripped.substring(0, stripped.length() - 1) : stripped;
    }

    private String padded(String sign, String text, char usual, Budget budget) {
        long missing = Math.max(0, width - Text.length(sign) - Text.length(text));
        char side = align == 0 ? usual : align;
        long left = side == '>' || side == '=' ? missing : side == '^' ? missing / 2 : 0;
        String before = Text.repeat(fill, left, budget);
        String after = Text.repeat(fill, missing - left, budget);
        return side == '=' ? sign + before + text + after : before + sign + text + after;
    }
}
