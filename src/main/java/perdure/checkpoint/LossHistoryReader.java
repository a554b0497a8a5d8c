package perdure.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import perdure.safetensors.DamagedFileException;

/**
 * Reads the loss history of a run folder again and again, each time only what is new, also while a trainer writes it.
 * It notices when the history was cut back or replaced. Memory is bounded, however long the run ({@link ThinnedLines}).
 * Used by one thread at a time.
 */
public final class LossHistoryReader {

    /** Lines before the end that are read again, to see whether the file is still the one that was read. */
    private static final int OVERLAP = 32;

    private final Path runFolder;
    private final Path file;
    private ThinnedLines steps = new ThinnedLines();
    private ThinnedLines epochs = new ThinnedLines();
    private ThinnedLines validations = new ThinnedLines();
    private final Deque<Seen> seen = new ArrayDeque<>();
    private List<Long> restarts = List.of();
    private Stamp historyStamp;
    private Stamp commitStamp;
    private long generation = 1;
    private long changes;

    public LossHistoryReader(Path runFolder) {
        this.runFolder = runFolder;
        this.file = runFolder.resolve(LossHistory.FILE);
    }

    /** A line that was read. */
    private record Seen(long start, long end, String line) {}

    /** What changes when a file changes. */
    private record Stamp(long size, FileTime modified, Object key) {

        /** Returns null if there is no such file. */
        static Stamp of(Path file) throws IOException {
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(now.size(), now.lastModifiedTime(), now.fileKey());
            } catch (NoSuchFileException absent) {
                return null;
            }
        }
    }

    /**
     * Reads what is new. Costs next to nothing if nothing is.
     *
     * @throws NewerFormatException if only a newer version can read the file
     * @throws UncheckedIOException if the file cannot be read
     */
    public void refresh() {
        try {
            Stamp now = Stamp.of(file);
            if (!Objects.equals(now, historyStamp)) {
                historyStamp = null; // also if reading fails
                if (!readNewLines(now != null)) {
                    forget();
                    readNewLines(now != null);
                }
                historyStamp = now;
            }
            refreshRestarts();
        } catch (IOException problem) {
            throw DurableFiles.failed(file, problem);
        }
    }

    /** Returns false, and reads nothing new, if the lines that were read last are no longer in the file. */
    private boolean readNewLines(boolean exists) throws IOException {
        if (!exists) {
            return seen.isEmpty();
        }
        Iterator<Seen> expected = List.copyOf(seen).iterator();
        long[] start = {seen.isEmpty() ? 0 : seen.getFirst().start()};
        boolean[] same = {true};
        LossHistory.forEachLine(file, start[0], (line, end) -> {
            Seen read = new Seen(start[0], end, line);
            start[0] = end;
            if (expected.hasNext()) {
                same[0] &= read.equals(expected.next());
            } else if (same[0]) {
                take(read);
            }
        });
        return same[0] && !expected.hasNext();
    }

    private void take(Seen read) {
        changes++;
        seen.addLast(read);
        if (seen.size() > OVERLAP) {
            seen.removeFirst();
        }
        HistoryLine line = LossHistory.isFormat(read.line) ? null : HistoryLine.of(read.line);
        if (line != null) {
            Class<? extends LossCurve.Line> type = line.type();
            (type == LossCurve.Step.class ? steps : type == LossCurve.Epoch.class ? epochs : validations).add(line);
        }
    }

    private void forget() {
        generation++;
        changes++;
        seen.clear();
        restarts = List.of();
        commitStamp = null;
        steps = new ThinnedLines();
        epochs = new ThinnedLines();
        validations = new ThinnedLines();
    }

    /** Leaves the restarts as they are while the last commit cannot be read. Resuming the run reports that. */
    private void refreshRestarts() throws IOException {
        Stamp now = Stamp.of(runFolder.resolve(MetaStore.FILE));
        if (Objects.equals(now, commitStamp)) {
            return;
        }
        try {
            String committed = new MetaStore(runFolder).read().checkpoint();
            List<Long> read = committed == null ? List.of() : restarts(runFolder.resolve(committed));
            changes += read.equals(restarts) ? 0 : 1;
            restarts = read;
            commitStamp = now;
        } catch (IOException | DamagedFileException | NewerFormatException unreadable) {
            commitStamp = null;
        }
    }

    private static List<Long> restarts(Path checkpoint) throws IOException {
        return Checkpoint.state(checkpoint).sessions().stream()
                .skip(1)
                .map(TrainerState.Session::firstStep)
                .toList();
    }

    /** Changes whenever {@link #refresh} finds something new. */
    public long changes() {
        return changes;
    }

    /** Changes when lines that were read before are no longer in the history: the run went back, or is another run. */
    public long generation() {
        return generation;
    }

    /** The whole curve, each of its lists with at most that many points, except for the restarts. */
    LossCurve curve(int limit) {
        if (limit < 2) {
            throw new IllegalArgumentException("A curve of " + limit + " points is too short: it needs at least 2.");
        }
        return new LossCurve(
                parsed(steps, limit, LossCurve.Step.class),
                parsed(epochs, limit, LossCurve.Epoch.class),
                parsed(validations, limit, LossCurve.Validation.class),
                restarts);
    }

    private static <T extends LossCurve.Line> List<T> parsed(ThinnedLines lines, int limit, Class<T> type) {
        return lines.after(Long.MIN_VALUE, limit).stream()
                .map(HistoryLine::parsed)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    /**
     * The curve after a step as a JSON object. Its arrays have elements with the keys of the file.
     *
     * @param since {@code steps} begins after this step; {@code epochs} and {@code validations} begin at it, since an
     *     evaluation is logged after its step; {@code restarts} are always all
     * @param limit most elements of each of the first three; at least 2
     * @param generation value of the key of that name
     */
    public byte[] json(long since, int limit, String generation) {
        ByteArrayOutputStream json = new ByteArrayOutputStream(1 << 16);
        write(json, "{\"steps\":[", steps.after(since, limit));
        write(json, "],\"epochs\":[", epochs.after(since - 1, limit));
        write(json, "],\"validations\":[", validations.after(since - 1, limit));
        json.writeBytes("],\"restarts\":".getBytes(US_ASCII));
        json.writeBytes(Json.MAPPER.writeValueAsBytes(restarts));
        json.writeBytes((",\"generation\":\"" + generation + "\"}").getBytes(US_ASCII));
        return json.toByteArray();
    }

    private static void write(ByteArrayOutputStream json, String before, List<HistoryLine> lines) {
        json.writeBytes(before.getBytes(US_ASCII));
        boolean first = true;
        for (HistoryLine line : lines) {
            if (line.json() != null) {
                if (!first) {
                    json.write(',');
                }
                json.writeBytes(line.json());
                first = false;
            }
        }
    }
}
