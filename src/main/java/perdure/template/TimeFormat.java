package perdure.template;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** {@code strftime} with English names, for a time without a zone. What it does not know stays as it is. */
final class TimeFormat {
    private TimeFormat() {}

    static String format(String format, LocalDateTime time, Budget budget) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char character = format.charAt(i);
            if (character != '%' || i + 1 == format.length()) {
                out.append(character);
                continue;
            }
            boolean bare = format.charAt(i + 1) == '-' && i + 2 < format.length();
            char directive = format.charAt(bare ? i + 2 : i + 1);
            String part = part(directive, time, budget);
            i += bare ? 2 : 1;
            out.append(bare ? withoutZeros(part) : part);
            budget.more(0, out.length());
        }
        return out.toString();
    }

    private static String withoutZeros(String digits) {
        return digits.replaceFirst("^[0 ]+(?=\\d)", "");
    }

    private static String part(char directive, LocalDateTime time, Budget budget) {
        return switch (directive) {
            case 'd' -> padded(time.getDayOfMonth(), 2);
            case 'e' -> String.format("%2d", time.getDayOfMonth());
            case 'm' -> padded(time.getMonthValue(), 2);
            case 'y' -> padded(time.getYear() % 100, 2);
            case 'Y' -> String.valueOf(time.getYear());
            case 'C' -> padded(time.getYear() / 100, 2);
            case 'H' -> padded(time.getHour(), 2);
            case 'I' -> padded((time.getHour() + 11) % 12 + 1, 2);
            case 'M' -> padded(time.getMinute(), 2);
            case 'S' -> padded(time.getSecond(), 2);
            case 'f' -> padded(time.getNano() / 1000, 6);
            case 'j' -> padded(time.getDayOfYear(), 3);
            case 'p' -> time.getHour() < 12 ? "AM" : "PM";
            case 'a' -> time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> month(time);
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
            case 'w' -> String.valueOf(time.getDayOfWeek().getValue() % 7);
            case 'U' -> padded((time.getDayOfYear() + 6 - time.getDayOfWeek().getValue() % 7) / 7, 2);
            case 'W' -> padded((time.getDayOfYear() + 6 - (time.getDayOfWeek().getValue() + 6) % 7) / 7, 2);
            case 'V' -> padded(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2);
            case 'G' -> String.valueOf(time.get(IsoFields.WEEK_BASED_YEAR));
            case 'D', 'x' -> format("%m/%d/%y", time, budget);
            case 'F' -> format("%Y-%m-%d", time, budget);
            case 'T', 'X' -> format("%H:%M:%S", time, budget);
            case 'R' -> format("%H:%M", time, budget);
            case 'r' -> format("%I:%M:%S %p", time, budget);
            case 'c' -> format("%a %b %e %H:%M:%S %Y", time, budget);
            case 'n' -> "\n";
            case 't' -> "\t";
            case 'z', 'Z' -> "";
            case '%' -> "%";
            default -> "%" + directive;
        };
    }

    /** The first three letters, whatever the locale data of the Java in use says (some have "Sept"). */
    private static String month(LocalDateTime time) {
        return time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
    }

    private static String padded(long number, int digits) {
        return String.format(Locale.ROOT, "%0" + digits + "d", number);
    }
}
