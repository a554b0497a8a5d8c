package perdure.checkpoint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Lines of one kind of a history of unknown length, in bounded memory. Level 0 keeps the newest lines, level 1 the
 * newest of every second line, level 2 of every fourth, and so on; the highest level reaches back to the first line. So
 * the end of a long run is there in full, and the whole of it is there in outline.
 */
final class ThinnedLines {

    /** Most lines of a level. */
    static final int LEVEL = 10_000;

    private final int perLevel;
    private final List<Deque<HistoryLine>> levels = new ArrayList<>();
    private HistoryLine last;
    private long count;

    ThinnedLines() {
        this(LEVEL);
    }

    /** @param perLevel an even number */
    ThinnedLines(int perLevel) {
        this.perLevel = perLevel;
        levels.add(new ArrayDeque<>());
    }

    void add(HistoryLine line) {
        long index = count++;
        last = line;
        for (int level = 0; level < levels.size() && index % (1L << level) == 0; level++) {
            Deque<HistoryLine> kept = levels.get(level);
            if (kept.size() == perLevel) {
                if (level == levels.size() - 1) {
                    levels.add(everySecond(kept));
                }
                kept.removeFirst();
            }
            kept.addLast(line);
        }
    }

    /**
     * The lines after a step, evenly thinned out. The first that is kept of them and the last are among them.
     *
     * @param since only lines of later steps are returned
     * @param limit most lines; at least 2
     */
    List<HistoryLine> after(long since, int limit) {
        List<HistoryLine> found = new ArrayList<>();
        for (HistoryLine line : reachingBackTo(since)) {
            if (line.step() > since) {
                found.add(line);
            }
        }
        if (last != null && last.step() > since && (found.isEmpty() || found.get(found.size() - 1) != last)) {
            found.add(last);
        }
        return thinned(found, limit);
    }

    int kept() {
        return levels.stream().mapToInt(Deque::size).sum();
    }

    /** The level of the highest resolution that has lost nothing after the step. */
    private Deque<HistoryLine> reachingBackTo(long since) {
        return levels.stream()
                .filter(level -> !level.isEmpty() && level.getFirst().step() <= since)
                .findFirst()
                .orElse(levels.get(levels.size() - 1));
    }

    private static Deque<HistoryLine> everySecond(Deque<HistoryLine> lines) {
        Deque<HistoryLine> kept = new ArrayDeque<>();
        boolean keep = true;
        for (HistoryLine line : lines) {
            if (keep) {
                kept.addLast(line);
            }
            keep = !keep;
        }
        return kept;
    }

    private static List<HistoryLine> thinned(List<HistoryLine> lines, int limit) {
        if (lines.size() <= limit) {
            return lines;
        }
        int stride = (lines.size() + limit - 2) / (limit - 1); // one place is left for the last
        List<HistoryLine> kept = new ArrayList<>();
        for (int index = 0; index < lines.size(); index += stride) {
            kept.add(lines.get(index));
        }
        HistoryLine end = lines.get(lines.size() - 1);
        if (kept.get(kept.size() - 1) != end) {
            kept.add(end);
        }
        return kept;
    }
}
