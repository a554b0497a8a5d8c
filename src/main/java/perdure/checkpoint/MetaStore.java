package perdure.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import perdure.safetensors.DamagedFileException;

/** Owns {@code current.meta.json}, the commit point of a run folder, and the arithmetic of resuming from it. */
public final class MetaStore {

    static final String FILE = "current.meta.json";

    private static final int MAXIMUM_LENGTH = 64 << 10;

    private final Path runFolder;
    private int commits;

    public MetaStore(Path runFolder) {
        this.runFolder = runFolder;
    }

    public Path file() {
        return runFolder.resolve(FILE);
    }

    /**
     * What the file says, or {@link Meta#NONE} if there is no file.
     *
     * @throws IllegalArgumentException one line, if the file is not what it should be
     */
    public Meta read() {
        if (!Files.isDirectory(runFolder)) {
            return Meta.NONE;
        }
        if (Files.isDirectory(file())) {
            throw new IllegalArgumentException(file() + " is a folder, not a file.");
        }
        try {
            return Meta.parse(file(), Json.bytes(file(), MAXIMUM_LENGTH));
        } catch (NoSuchFileException none) {
            return Meta.NONE;
        } catch (DamagedFileException tooLarge) {
            throw new IllegalArgumentException(tooLarge.getMessage(), tooLarge);
        } catch (IOException problem) {
            throw new UncheckedIOException(file() + ": " + problem.getMessage(), problem);
        }
    }

    /** What remains to be done of that many epochs in all, by what the file says. */
    public ResumePlan plan(int epochs) {
        return new ResumePlan(read().lastEpoch(), epochs);
    }

    /** Replaces the file atomically and durably: when it returns, the new one outlives a power cut. */
    void commit(Meta meta, DurableFiles files) throws IOException {
        Path temporary = runFolder.resolve(FILE + "." + ++commits + ".tmp");
        DurableFiles.delete(temporary);
        try {
            files.create(temporary, meta.toBytes());
            files.move(temporary, file(), FaultPoint.MOVE_META);
        } catch (IOException problem) {
            Files.deleteIfExists(temporary);
            throw problem;
        }
        files.forceFolder(runFolder, FaultPoint.FORCE_META);
    }
}
