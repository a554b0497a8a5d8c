package perdure.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * The number of columns of the terminal behind standard output: the environment variable {@code COLUMNS}, else what the
 * terminal says, which is asked again now and then since a window may change, else {@value #USUAL}.
 */
final class TerminalWidth implements IntSupplier {
    static final int USUAL = 80;

    private static final int NARROWEST = 10;
    private static final int WIDEST = 10_000;
    private static final long INTERVAL = Duration.ofSeconds(10).toNanos();

    /** On Linux a link to the file or device that is standard output. */
    private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");

    private final int fixed;
    private final LongSupplier clock;
    private long lastAsked;
    private int width;

    /** @param variable the value of {@code COLUMNS}; null if it is not set */
    TerminalWidth(String variable, LongSupplier clock) {
        fixed = parse(variable);
        this.clock = clock;
    }

    /**
     * Whether standard output is a terminal. {@link System#console()} cannot tell: before JDK 22 it needs standard
     * input to be one as well, and later it is never null.
     */
    static boolean isTerminal() {
        if (!Files.isSymbolicLink(STANDARD_OUTPUT)) {
            return System.console() != null;
        }
        String target = device().toString();
        return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
    }

    private static Path device() {
        try {
            return Files.readSymbolicLink(STANDARD_OUTPUT);
        } catch (IOException | SecurityException unreadable) {
            return Path.of("/dev/tty");
        }
    }

    @Override
    public int getAsInt() {
        if (fixed > 0) {
            return fixed;
        }
        long now = clock.getAsLong();
        if (width == 0 || now - lastAsked >= INTERVAL) {
            lastAsked = now;
            width = ask();
        }
        return width;
    }

    /** Java knows no size of a terminal; {@code stty} prints the lines and the columns of its standard input. */
    private static int ask() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(device().toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(1, TimeUnit.SECONDS)) {
                stty.destroyForcibly();
                return USUAL;
            }
            String size = new String(stty.getInputStream().readNBytes(64), StandardCharsets.US_ASCII).strip();
            int columns = parse(size.substring(size.indexOf(' ') + 1));
            return columns == 0 ? USUAL : columns;
        } catch (IOException absent) {
            return USUAL;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return USUAL;
        }
    }

    /** A number of columns; 0 if the text is none. */
    private static int parse(String text) {
        boolean number = text != null && text.matches("[0-9]{1,5}");
        int columns = number ? Integer.parseInt(text) : 0;
        return columns == 0 ? 0 : Math.max(NARROWEST, Math.min(WIDEST, columns));
    }
}
