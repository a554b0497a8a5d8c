package perdure.run;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** Says in a sentence how far the text is tokenized, at most every tenth of a second. */
final class TokenizingProgress implements LongConsumer {
    private static final long INTERVAL = 100_000_000;

    /** The rate is that of the last one to two windows. */
    private static final long WINDOW = 10_000_000_000L;

    private final Consumer<String> sentences;
    private final LongSupplier clock;
    private long total;
    private Point start;
    private Point middle;
    private Point last;

    private record Point(long time, long done) {}

    /** @param total characters of the first text; 0 if they are not known */
    TokenizingProgress(long total, Consumer<String> sentences) {
        this(total, sentences, System::nanoTime);
    }

    TokenizingProgress(long total, Consumer<String> sentences, LongSupplier clock) {
        this.total = total;
        this.sentences = sentences;
        this.clock = clock;
    }

    /**
     * @param done characters that are tokenized, those of earlier processes included; fewer than before if another text
     *     has begun
     */
    @Override
    public void accept(long done) {
        Point now = new Point(clock.getAsLong(), done);
        if (start == null || done < last.done) {
            total = start == null ? total : 0;
            start = now;
            middle = now;
        } else if (now.time - last.time < INTERVAL) {
            return;
        }
        if (now.time - middle.time >= WINDOW) {
            start = middle;
            middle = now;
        }
        last = now;
        sentences.accept(sentence(now));
    }

    private String sentence(Point now) {
        String amount = total <= 0
                ? String.format(Locale.ROOT, "%,.1f million characters", now.done / 1e6)
                : String.format(
                        Locale.ROOT,
                        "%.1f %% of %,.1f million characters",
                        Math.min(100, 100.0 * now.done / total),
                        total / 1e6);
        double rate = (now.done - start.done) / ((now.time - start.time) / 1e9);
        if (!(rate > 0)) {
            return "Tokenizing: " + amount + ".";
        }
        String rest =
                total <= 0 ? "" : String.format(Locale.ROOT, ", %,.0f s left", Math.max(0, total - now.done) / rate);
        return String.format(Locale.ROOT, "Tokenizing: %s, %.1f million per second%s.", amount, rate / 1e6, rest);
    }
}
