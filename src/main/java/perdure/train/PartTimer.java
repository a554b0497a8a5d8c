package perdure.train;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import perdure.train.Trainer.Part;

/** Adds up the time of each part of steps: from the end of the part before it, or from the start, to its own end. */
public final class PartTimer implements Consumer<Part> {
    private final Map<Part, Long> nanoseconds = new EnumMap<>(Part.class);
    private long last = System.nanoTime();

    /** Begins another step. */
    public void start() {
        last = System.nanoTime();
    }

    /** Forgets what was measured. */
    public void clear() {
        nanoseconds.clear();
    }

    @Override
    public void accept(Part ended) {
        long now = System.nanoTime();
        nanoseconds.merge(ended, now - last, Long::sum);
        last = now;
    }

    /** 0 if no such part has ended, as those of a recorded batch do not. */
    public double milliseconds(Part part) {
        return nanoseconds.getOrDefault(part, 0L) / 1e6;
    }

    /** The share of a part in the time of all. */
    public double share(Part part) {
        double whole = nanoseconds.values().stream().mapToLong(Long::longValue).sum();
        return nanoseconds.get(part) / whole;
    }
}
