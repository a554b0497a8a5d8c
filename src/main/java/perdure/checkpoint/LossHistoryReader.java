package perdure.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import perdure.safetensors.DamagedFileException;

/**
 * Reads the loss history and the training log of a run folder again and again, each time only what is new, also while a trainer writes it.
 * It notices when the history was cut back or replaced. Memory is bounded, however long the run ({@link ThinnedLines}).
 * Used by one thread at a time.
 */
public final class LossHistoryReader {

    private final Path runFolder;
    private final FollowedLines history;
    private final FollowedLines log;
    private final Map<Class<? extends LossCurve.Line>, ThinnedLines> lines = new HashMap<>();
    private List<Long> restarts = List.of();
    private FollowedLines.Stamp commitStamp;
    private long generation = 1;
    private long changes;

    public LossHistoryReader(Path runFolder) {
        this.runFolder = runFolder;
        history = new FollowedLines(
                runFolder.resolve(LossHistory.FILE),
                text -> add(LossHistory.isFormat(text) ? null : HistoryLine.of(text)),
                this::forget);
        log = new FollowedLines(
                runFolder.resolve(TrainingLog.FILE), text -> add(HistoryLine.ofLog(text)), this::forgetLog);
        clear(LossCurve.Step.class, LossCurve.Epoch.class, LossCurve.Validation.class);
        clear(LossCurve.Measurement.class, LossCurve.Sample.class);
    }

    /**
     * Reads what is new. Costs next to nothing if nothing is.
     *
     * @throws NewerFormatException if only a newer version can read the file
     * @throws UncheckedIOException if the file cannot be read
     */
    public void refresh() {
        try {
            history.refresh();
            refreshLog();
            refreshRestarts();
        } catch (IOException problem) {
            throw DurableFiles.failed(runFolder.resolve(LossHistory.FILE), problem);
        }
    }

    /** A log of a newer version is left out: the history does without it. */
    private void refreshLog() throws IOException {
        try {
            log.refresh();
        } catch (NewerFormatException newer) {
            if (lines.get(LossCurve.Measurement.class).kept()
                            + lines.get(LossCurve.Sample.class).kept()
                    > 0) {
                forgetLog();
            }
        }
    }

    /** @param line null for one that says nothing */
    private void add(HistoryLine line) {
        changes++;
        if (line != null) {
            lines.get(line.type()).add(line);
        }
    }

    private void forget() {
        generation++;
        changes++;
        restarts = List.of();
        commitStamp = null;
        clear(LossCurve.Step.class, LossCurve.Epoch.class, LossCurve.Validation.class);
    }

    private void forgetLog() {
        generation++;
        changes++;
        clear(LossCurve.Measurement.class, LossCurve.Sample.class);
    }

    @SafeVarargs
    private void clear(Class<? extends LossCurve.Line>... types) {
        for (Class<? extends LossCurve.Line> type : types) {
            lines.put(type, new ThinnedLines());
        }
    }

    /** Leaves the restarts as they are while the last commit cannot be read. Resuming the run reports that. */
    private void refreshRestarts() throws IOException {
        FollowedLines.Stamp now = FollowedLines.Stamp.of(runFolder.resolve(MetaStore.FILE));
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
                parsed(LossCurve.Step.class, limit),
                parsed(LossCurve.Epoch.class, limit),
                parsed(LossCurve.Validation.class, limit),
                restarts);
    }

    private <T extends LossCurve.Line> List<T> parsed(Class<T> type, int limit) {
        return lines.get(type).after(Long.MIN_VALUE, limit).stream()
                .map(HistoryLine::parsed)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    /**
     * The curve after a step as a JSON object. Its arrays have elements with the keys of the file.
     *
     * @param since {@code steps} and {@code measurements} begin after this step; {@code epochs}, {@code validations} and
     *     {@code samples} begin at it, since an evaluation is logged after its step; {@code restarts} are always all
     * @param limit most elements of each but the restarts; at least 2
     * @param generation value of the key of that name
     */
    public byte[] json(long since, int limit, String generation) {
        ByteArrayOutputStream json = new ByteArrayOutputStream(1 << 16);
        write(json, "{\"steps\":[", lines.get(LossCurve.Step.class).after(since, limit));
        write(json, "],\"epochs\":[", lines.get(LossCurve.Epoch.class).after(since - 1, limit));
        write(json, "],\"validations\":[", lines.get(LossCurve.Validation.class).after(since - 1, limit));
        json.writeBytes("],\"restarts\":".getBytes(US_ASCII));
        json.writeBytes(Json.MAPPER.writeValueAsBytes(restarts));
        write(
                json,
                ",\"measurements\":[",
                lines.get(LossCurve.Measurement.class).after(since, limit));
        write(json, "],\"samples\":[", lines.get(LossCurve.Sample.class).after(since - 1, limit));
        json.writeBytes(("],\"generation\":\"" + generation + "\"}").getBytes(US_ASCII));
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
