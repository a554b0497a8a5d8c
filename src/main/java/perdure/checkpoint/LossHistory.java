package perdure.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import perdure.data.Lines;
import perdure.safetensors.DamagedFileException;

/**
 * Writes {@code loss_history.jsonl}: one line per logged step and one per epoch's end. Each is there exactly once over
 * any number of restarts. No line tells the time, so that equal runs leave equal files. {@link LossCurve} reads them.
 *
 * <p>The first line is the format, {@code {"format":1}}; a history of version 0.1.0 has none and gets none.
 *
 * <p>Every save forces it before the commit. Resuming cuts it back to the position that was saved, in one truncation:
 * a crash in the middle leaves it as it was, or cut. One thread appends; another may save.
 */
public final class LossHistory implements AutoCloseable {

    public static final String FILE = "loss_history.jsonl";

    private static final String FORMAT_START = "{\"" + Json.FORMAT_KEY + "\":";

    private static final byte[] FORMAT_LINE = (FORMAT_START + Json.FORMAT + "}\n").getBytes(UTF_8);

    /** Longer lines are read as empty ones, in bytes. */
    private static final int MAXIMUM_LINE = 64 << 10;

    /** Lines that wait in memory while the disk is full, in bytes. */
    private static final int MAXIMUM_PENDING = 64 << 20;

    private final Path file;
    private final DurableFiles files;
    private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
    private FileChannel channel;
    private long length;
    private long lastStep;
    private boolean forceFailed;

    private LossHistory(Path file, DurableFiles files, TrainerState.Position position) throws IOException {
        this.file = file;
        this.files = files;
        length = Files.exists(file) ? endOfKept(position) : 0;
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        lastStep = position.step();
        channel.truncate(length);
        if (length == 0) {
            pending.writeBytes(FORMAT_LINE);
        }
    }

    /**
     * Opens the history of a run folder, which must exist, and cuts it back to where the run goes on: no step after it
     * stays, no epoch that had not finished, and no last line that is not whole.
     *
     * @throws NewerFormatException if only a newer version can read it; nothing is cut
     */
    public static LossHistory open(Path runFolder, TrainerState.Position position) {
        return open(runFolder, position, new DurableFiles(FaultPoint.fromSystemProperty()));
    }

    static LossHistory open(Path runFolder, TrainerState.Position position, DurableFiles files) {
        Path file = runFolder.resolve(FILE);
        try {
            return new LossHistory(file, files, position);
        } catch (IOException problem) {
            throw new UncheckedIOException(file + ": " + problem.getMessage(), problem);
        }
    }

    /**
     * Up to the first line that says that it belongs after the position, and is followed by none that belongs before
     * it. A line that says neither is no reason to cut.
     */
    private long endOfKept(TrainerState.Position position) throws IOException {
        long[] end = {0};
        boolean[] cuts = {false};
        forEachLine(file, (line, offset) -> {
            Boolean after = LossCurve.isAfter(line, position);
            cuts[0] = after == null ? cuts[0] : after;
            end[0] = cuts[0] ? end[0] : offset;
        });
        return end[0];
    }

    /** Is given a line without its end, and where in the file the next one begins. */
    interface LineReader {
        void read(String line, long offset);
    }

    /**
     * Reads the whole lines of a history in bounded memory, that of the format included.
     *
     * @throws NewerFormatException if only a newer version can read them
     */
    static void forEachLine(Path file, LineReader reader) throws IOException {
        try (InputStream input = Files.newInputStream(file)) {
            Lines lines = new Lines(input, MAXIMUM_LINE);
            boolean first = true;
            for (String line = next(lines); lines.isWhole(); line = next(lines)) {
                if (first && isFormat(line)) {
                    requireKnownFormat(file, line);
                }
                first = false;
                reader.read(line, lines.offset());
            }
        }
    }

    private static void requireKnownFormat(Path file, String line) {
        try {
            Json.requireKnownFormat(file, Json.parse(file, line.getBytes(UTF_8)));
        } catch (DamagedFileException damaged) {
            // Like any damaged line, it takes only itself away.
        }
    }

    private static String next(Lines lines) throws IOException {
        try {
            byte[] line = lines.next();
            return line == null ? "" : new String(line, UTF_8).stripTrailing();
        } catch (IllegalArgumentException tooLong) {
            lines.skip();
            return "";
        }
    }

    /** Whether a line is that of the format. */
    static boolean isFormat(String line) {
        return line.startsWith(FORMAT_START);
    }

    /**
     * Adds a line. A full disk does not stop the training: the line waits in memory for room, and no save succeeds
     * before it is written.
     *
     * @throws IllegalStateException if the step is there already
     * @throws UncheckedIOException if too much is waiting
     */
    public synchronized void append(LossCurve.Line line) {
        if (line.step() < lastStep || line.step() == lastStep && line instanceof LossCurve.Step) {
            throw new IllegalStateException(
                    "Step " + line.step() + " is in the history up to " + lastStep + " already.");
        }
        lastStep = line.step();
        pending.writeBytes(LossCurve.toBytes(line));
        try {
            writePending();
        } catch (IOException problem) {
            if (pending.size() > MAXIMUM_PENDING) {
                throw new UncheckedIOException(file + ": " + problem.getMessage(), problem);
            }
        }
    }

    /** What a failed write left after {@code length} is written over by the next. */
    private void writePending() throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(pending.toByteArray());
        while (bytes.hasRemaining()) {
            channel.write(bytes, length + bytes.position());
        }
        length += pending.size();
        pending.reset();
    }

    /** Makes every line so far durable, but for the name of the file, which the run folder's force does. */
    void force() throws IOException {
        FileChannel forced;
        synchronized (this) {
            writePending();
            forced = channel;
            if (forceFailed) {
                rewrite();
                return;
            }
        }
        try {
            // Outside of the lock: the training goes on appending.
            files.force(forced, FaultPoint.FORCE_HISTORY);
        } catch (IOException problem) {
            synchronized (this) {
                forceFailed = true;
                rewrite();
            }
        }
    }

    /** Never forces a file again whose force has failed: its lines go into a new one. */
    private void rewrite() throws IOException {
        Path copy = file.resolveSibling(FILE + ".tmp");
        DurableFiles.delete(copy);
        files.create(copy, target -> {
            try (FileChannel source = FileChannel.open(file, StandardOpenOption.READ)) {
                for (long done = 0; done < length; ) {
                    ByteBuffer block = ByteBuffer.allocate((int) Math.min(1 << 16, length - done));
                    if (source.read(block, done) < 0) {
                        throw new IOException(file + " is shorter than what was written to it");
                    }
                    done += block.position();
                    target.write(block.flip());
                }
            }
        });
        FileChannel replacement = FileChannel.open(copy, StandardOpenOption.WRITE);
        try {
            files.move(copy, file, FaultPoint.MOVE_HISTORY);
        } catch (IOException problem) {
            replacement.close();
            throw problem;
        }
        channel.close();
        channel = replacement;
        forceFailed = false;
    }

    /** Forces nothing: what was not saved will be trained again. */
    @Override
    public synchronized void close() {
        try {
            channel.close();
        } catch (IOException problem) {
            throw new UncheckedIOException(file + ": " + problem.getMessage(), problem);
        }
    }
}
