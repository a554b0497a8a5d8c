package perdure.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes {@code training_log.jsonl}: what a run is watched by and does not need, one line per logged step and one per
 * epoch. It may hold times, so equal runs write different files, which is why it is not in the {@link LossHistory}.
 * Nothing forces it to disk, and a save does not wait for it. The first line is the format, as in the history.
 */
public final class TrainingLog {

    public static final String FILE = "training_log.jsonl";

    private final Path file;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();

    private TrainingLog(Path file) {
        this.file = file;
    }

    /**
     * Opens the log of a run folder and cuts it back to the step that the run resumes from.
     *
     * @throws NewerFormatException if only a newer version can read it; nothing is cut
     */
    public static TrainingLog open(Path runFolder, long step) throws IOException {
        Path file = runFolder.resolve(FILE);
        if (Files.exists(file)) {
            long[] kept = {0};
            boolean[] cuts = {false};
            LossHistory.forEachLine(file, 0, (line, end) -> {
                Long of = LossCurve.step(line);
                cuts[0] |= of != null && of > step;
                kept[0] = cuts[0] ? kept[0] : end;
            });
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(kept[0]);
            }
        }
        return new TrainingLog(file);
    }

    /** Adds a line, which waits in memory. */
    public void add(LossCurve.Line line) {
        waiting.writeBytes(LossCurve.toBytes(line));
    }

    /** Writes the lines that wait. If that fails they are lost: whoever watches does without them. */
    public void write() throws IOException {
        byte[] lines = waiting.toByteArray();
        waiting.reset();
        if (lines.length > 0) {
            if (!Files.exists(file) || Files.size(file) == 0) {
                Files.write(file, LossHistory.FORMAT_LINE, StandardOpenOption.CREATE);
            }
            Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }
}
