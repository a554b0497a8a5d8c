package perdure.status;

import java.util.Locale;

/** Numbers as people say them. */
public final class Figures {

    private Figures() {}

    /** Seconds as people say them: {@code 45s}, {@code 1m 05s}, {@code 2h 03m}, {@code 3d 04h}. */
    public static String duration(long seconds) {
        if (seconds < 60) {
            return seconds + "s";
        }
        if (seconds < 3600) {
            return String.format(Locale.ROOT, "%dm %02ds", seconds / 60, seconds % 60);
        }
        if (seconds < 86_400) {
            return String.format(Locale.ROOT, "%dh %02dm", seconds / 3600, seconds % 3600 / 60);
        }
        return String.format(Locale.ROOT, "%dd %02dh", seconds / 86_400, seconds % 86_400 / 3600);
    }

    /** A short time: {@code 12 ms}, {@code 1.25 s}, {@code 1m 05s}. */
    public static String time(double seconds) {
        return seconds < 0.9995
                ? String.format(Locale.ROOT, "%.3g ms", 1e3 * seconds)
                : seconds < 59.5 ? String.format(Locale.ROOT, "%.3g s", seconds) : duration(Math.round(seconds));
    }

    /** Bytes in decimal units: {@code 480 MB}, {@code 24.7 GB}. */
    public static String bytes(long bytes) {
        return bytes < 999_500_000
                ? String.format(Locale.ROOT, "%.0f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }
}
