package perdure.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import perdure.status.Figures;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.Evaluation;
import perdure.status.TrainingProgress.FinishedEpoch;
import perdure.status.TrainingProgress.Speed;
import perdure.status.TrainingStatus;

/**
 * Shows the progress of a run: on a terminal one bar that moves, elsewhere a plain line every ten seconds. It knows
 * only the status that everybody else can read too.
 */
final class ProgressConsole {
    private static final long BAR_INTERVAL = Duration.ofMillis(100).toNanos();
    private static final long LINE_INTERVAL = Duration.ofSeconds(10).toNanos();
    private static final int BAR_CELLS = 20;

    private final PrintStream out;
    private final boolean terminal;
    private final IntSupplier columns;
    private final boolean color;
    private final LongSupplier clock;
    private long lastShown;
    private int barLength;
    private FinishedEpoch lastEpoch;

    /** @param columns of the terminal; it is asked for each bar */
    ProgressConsole(PrintStream out, boolean terminal, IntSupplier columns, boolean color, LongSupplier clock) {
        this.out = out;
        this.terminal = terminal;
        this.columns = columns;
        this.color = color;
        this.clock = clock;
        this.lastShown = clock.getAsLong();
    }

    /**
     * The console of this process: a bar if standard output is a terminal that can overwrite a line, with colour unless
     * {@code NO_COLOR} is set.
     */
    static ProgressConsole standard() {
        boolean terminal = !"dumb".equals(System.getenv("TERM")) && TerminalWidth.isTerminal();
        String noColor = System.getenv("NO_COLOR");
        boolean color = terminal && (noColor == null || noColor.isEmpty());
        IntSupplier columns = new TerminalWidth(System.getenv("COLUMNS"), System::nanoTime);
        return new ProgressConsole(System.out, terminal, columns, color, System::nanoTime);
    }

    /** Prints a line above the bar. */
    void say(String line) {
        clearBar();
        out.println(line);
        out.flush();
    }

    /**
     * Prints lines for a finished epoch and for the end of the run. Otherwise draws the bar anew, if it is old enough.
     */
    void update(TrainingStatus status) {
        FinishedEpoch epoch = status.progress().lastEpoch();
        if (epoch != null && !epoch.equals(lastEpoch)) {
            lastEpoch = epoch;
            say(line(epoch, status));
            say("  " + epoch.sample().strip().replace("\n", "\n  "));
        }
        switch (status.progress().state()) {
            case STARTING ->
                show(width -> status.progress().message(), status.progress().message());
            case TRAINING, EVALUATING -> show(width -> bar(status, width), line(status));
            case FINISHED, STOPPED -> say(summary(status));
            default -> {}
        }
    }

    /**
     * @param text for a terminal of a width
     * @param line for anything else; null: nothing is shown
     */
    private void show(IntFunction<String> text, String line) {
        long now = clock.getAsLong();
        if (line == null || now - lastShown < (terminal ? BAR_INTERVAL : LINE_INTERVAL)) {
            return;
        }
        lastShown = now;
        if (terminal) {
            int width = columns.getAsInt() - 1; // a line that wraps cannot be overwritten
            String whole = text.apply(width);
            String bar = whole.substring(0, Math.min(width, whole.length()));
            out.print('\r'
                    + (color ? "\u001b[36m" + bar + "\u001b[0m" : bar)
                    + " ".repeat(Math.max(0, barLength - bar.length())));
            out.flush();
            barLength = bar.length();
        } else {
            say(line);
        }
    }

    private void clearBar() {
        if (barLength > 0) {
            out.print('\r' + " ".repeat(barLength) + '\r');
            barLength = 0;
        }
    }

    /** A narrow terminal leaves out a word. */
    private static String bar(TrainingStatus status, int width) {
        String whole = line(status);
        boolean narrow = width - whole.length() < BAR_CELLS / 2;
        String line = narrow ? whole.replace("training loss", "loss") : whole;
        int cells = Math.max(0, Math.min(BAR_CELLS, width - line.length() - "[] ".length()));
        int full = (int) (status.progress().position().percent() * cells / 100);
        return cells == 0 ? line.strip() : "[" + "#".repeat(full) + ".".repeat(cells - full) + "] " + line;
    }

    /** For example {@code  42.0 % | epoch 5/10 | evaluating 120 of 400}. */
    private static String line(TrainingStatus status, Evaluation evaluation) {
        return String.format(
                Locale.ROOT,
                "%5.1f %% | epoch %d/%d | evaluating %,d of %,d",
                status.progress().position().percent(),
                status.currentEpoch(),
                status.totalEpochs(),
                evaluation.batch(),
                evaluation.batches());
    }

    /** For example {@code  42.0 % | epoch 5/10 | training loss 1.2345 | 23,456 tokens/s | ETA 1m 02s}. */
    static String line(TrainingStatus status) {
        if (status.progress().evaluation() != null) {
            return line(status, status.progress().evaluation());
        }
        Double rate = status.progress().speed().tokensPerSecond();
        Long eta = status.progress().speed().etaSeconds();
        return String.format(
                Locale.ROOT,
                "%5.1f %% | epoch %d/%d | training loss %s | %s tokens/s | ETA %s",
                status.progress().position().percent(),
                status.currentEpoch(),
                status.totalEpochs(),
                status.loss() == null ? "-" : String.format(Locale.ROOT, "%.4f", status.loss()),
                rate == null ? "-" : String.format(Locale.ROOT, "%,.0f", rate),
                eta == null ? "-" : Figures.duration(eta));
    }

    private static String line(FinishedEpoch epoch, TrainingStatus status) {
        Speed speed = status.progress().speed();
        return String.format(
                Locale.ROOT,
                "Epoch %d/%d: training loss %.4f, validation loss %.4f (%.4f bits per byte), %,.0f tokens/s, %s",
                epoch.epoch(),
                status.totalEpochs(),
                epoch.loss(),
                epoch.validationLoss(),
                epoch.bitsPerByte(),
                speed.tokensPerSecond() == null ? 0 : speed.tokensPerSecond(),
                Figures.duration(Math.round(speed.totalSeconds())));
    }

    /** The result of the run, over all its processes. */
    static String summary(TrainingStatus status) {
        TrainingProgress progress = status.progress();
        return String.format(
                Locale.ROOT,
                "%d of %d epochs, %,d %s and %,d tokens in %s%s.%s Saved: %s.",
                status.currentEpoch(),
                status.totalEpochs(),
                progress.position().step(),
                progress.position().step() == 1 ? "step" : "steps",
                progress.position().tokens(),
                Figures.duration(Math.round(progress.speed().totalSeconds())),
                switch (progress.speed().restarts()) {
                    case 0 -> "";
                    case 1 -> ", resumed once";
                    default -> ", resumed " + progress.speed().restarts() + " times";
                },
                progress.quality().bestLoss() == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                " Best loss %.4f.",
                                progress.quality().bestLoss()),
                progress.saved().checkpoint());
    }
}
