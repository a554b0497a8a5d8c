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
 * Writes {@code loss_history.jsonl}: one line per logged step and one per epoch's end. Each line is there exactly once,
 * however often the run resumes. No line holds the time, so that equal runs write equal files. {@link LossCurve} reads
 * the file.
 *
 * <p>The first line is the format, {@code {"format":1}}. A history of version 0.1.0 has no such line and gets none.
 *
 * <p>Every save forces it before the commit. Resuming cuts it back to the saved position in one truncation, so a crash
 * leaves the file either cut or uncut. One thread appends; another may save.
 */
public final class LossHistory implements AutoCloseable {

    public static final String FILE = "loss_history.jsonl";

    private static final String FORMAT_START = "{\"" + Json.FORMAT_KEY + "\":";

    static final byte[] FORMAT_LINE = (FORMAT_START + Json.FORMAT + "}\n").getBytes(UTF_8);

    /** Longest line that is read, in bytes. A longer one is read as empty. */
    private static final int MAXIMUM_LINE = 64 << 10;

    /** Most bytes of lines that wait in memory while the disk is full. */
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
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        lastStep = position.step();
        channel.truncate(length);
        if (length == 0) {
            pending.writeBytes(FORMAT_LINE);
        }
    }

    /**
     * Opens the history of a run folder, which must exist, and cuts it back to the position that the run resumes from.
     * Later steps, unfinished epochs and an incomplete last line are cut off.
     *
     * @throws NewerFormatException if only a newer version can read it; nothing is cut
     * @throws UncheckedIOException if the file cannot be read or written
     */
    public static LossHistory open(Path runFolder, TrainerState.Position position) {
        return open(runFolder, position, new DurableFiles(FaultPoint.fromSystemProperty()));
    }

    /** The same. Where others might write too, the files are those of the {@link RunLock}. */
    public static LossHistory open(Path runFolder, TrainerState.Position position, DurableFiles files) {
        Path file = runFolder.resolve(FILE);
        try {
            return new LossHistory(file, files, position);
        } catch (IOException problem) {
            throw DurableFiles.failed(file, problem);
        }
    }

    /**
     * Length of the part to keep, in bytes. It ends before the first line that belongs after the position and is
     * followed by no line that belongs before it. A line that says neither is no reason to cut.
     */
    private long endOfKept(TrainerState.Position position) throws IOException {
        long[] end = {0};
        boolean[] cuts = {false};
        forEachLine(file, 0, (line, offset) -> {
            Boolean after = LossCurve.isAfter(line, position);
            cuts[0] = after == null ? cuts[0] : after;
            end[0] = cuts[0] ? end[0] : offset;
        });
        return end[0];
    }

    /** Receives a line without its line end, and the offset in the file where the next line begins. */
    interface LineReader {
        void read(String line, long offset);
    }

    /**
     * Reads the complete lines of a history, the format line included, in bounded memory.
     *
     * @param start offset in the file where a line begins; the reader receives this line and those that follow
     * @throws NewerFormatException if only a newer version can read them
     */
    static void forEachLine(Path file, long start, LineReader reader) throws IOException {
        try (InputStream input = Files.newInputStream(file)) {
            input.skip(start); // to the end, if the file is shorter
            Lines lines = new Lines(input, MAXIMUM_LINE);
            boolean first = start == 0;
            for (String line = next(lines); lines.isWhole(); line = next(lines)) {
                if (first && isFormat(line)) {
                    requireKnownFormat(file, line);
                }
                first = false;
                reader.read(line, start + lines.offset());
            }
        }
    }

    private static void requireKnownFormat(Path file, String line) {
        try {
            Json.requireKnownFormat(file, Json.parse(file, line.getBytes(UTF_8)));
        } catch (DamagedFileException damaged) {
            // As with any damaged line, only this line is lost.
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

    /** Whether a line is the format line. */
    static boolean isFormat(String line) {
        return line.startsWith(FORMAT_START);
    }

    /**
     * Appends a line. A full disk does not stop training: the line waits in memory, and no save succeeds before it is
     * written.
     *
     * @throws IllegalStateException if the step is in the history already
     * @throws UncheckedIOException if more than 64 MiB are waiting
     */
    public synchronized void append(LossCurve.Line line) {
        if (line.step() < lastStep || line.step() == lastStep && line instanceof LossCurve.Step) {
            throw new IllegalStateException(
                    "Step " + line.step() + " cannot be added: the history already reaches step " + lastStep + ".");
        }
        lastStep = line.step();
        pending.writeBytes(LossCurve.toBytes(line));
        try {
            writePending();
        } catch (IOException problem) {
            if (pending.size() > MAXIMUM_PENDING) {
                throw DurableFiles.failed(file, problem);
            }
        }
    }

    /** Writes the waiting lines. What a failed write left after {@code length} is overwritten by the next. */
    private void writePending() throws IOException {
        if (!channel.isOpen()) { // as after an interrupt of the thread that wrote
            files.requireHeld();
            channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        }
        ByteBuffer bytes = ByteBuffer.wrap(pending.toByteArray());
        while (bytes.hasRemaining()) {
            channel.write(bytes, length + bytes.position());
        }
        length += pending.size();
        pending.reset();
    }

    /**
     * Makes every line so far durable. The name of a new file becomes durable with the next force of the run folder.
     */
    void force() throws IOException {
        FileChannel forced;
        synchronized (this) {
            writePending();
            forced = channel;
            if (forceFailed || Files.notExists(file)) { // Somebody may have made the folder anew.
                rewrite();
                return;
            }
        }
        try {
            // Outside of the lock, so that training can go on appending.
            files.force(forced, FaultPoint.FORCE_HISTORY);
        } catch (IOException problem) {
            synchronized (this) {
                forceFailed = true;
                rewrite();
            }
        }
    }

    /**
     * Copies the lines into a new file, because a file whose force has failed must not be forced again, or since nobody
     * finds that which was deleted.
     */
    private void rewrite() throws IOException {
        Path copy = file.resolveSibling(FILE + ".tmp");
        files.requireHeld();
        DurableFiles.delete(copy);
        files.create(copy, target -> {
            for (long done = 0; done < length; ) {
                ByteBuffer block = ByteBuffer.allocate((int) Math.min(1 << 16, length - done));
                if (channel.read(block, done) < 0) {
                    throw new IOException(file + " is shorter than what has been written to it");
                }
                done += block.position();
                target.write(block.flip());
            }
        });
        FileChannel replacement = FileChannel.open(copy, StandardOpenOption.READ, StandardOpenOption.WRITE);
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

    /** Closes the file without a force: steps that were not saved are trained again after a resume. */
    @Override
    public synchronized void close() {
        try {
            channel.close();
        } catch (IOException problem) {
            throw DurableFiles.failed(file, problem);
        }
    }
}
