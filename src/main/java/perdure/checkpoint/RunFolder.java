package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Makes sure that a run can be written to its folder. */
final class RunFolder {

    private RunFolder() {}

    /**
     * Creates the folder where it does not exist, so that it outlives a power cut.
     *
     * @throws IllegalArgumentException one line that names the flag and the folder, if nothing can be written there
     */
    static void prepare(Path runFolder) {
        try {
            Deque<Path> missing = new ArrayDeque<>();
            Path folder = runFolder.toAbsolutePath().normalize();
            for (Path each = folder; each != null && Files.notExists(each); each = each.getParent()) {
                missing.push(each);
            }
            Files.createDirectories(folder);
            DurableFiles files = new DurableFiles(point -> {});
            for (Path created : missing) {
                files.forceFolder(created.getParent(), FaultPoint.FORCE_RUN_FOLDER);
            }
            if (!Files.isWritable(folder)) {
                throw new IllegalArgumentException("--checkpoints " + runFolder + " is not writable.");
            }
        } catch (IOException problem) {
            throw new IllegalArgumentException(
                    "--checkpoints " + runFolder + " is not a folder that can be written to: " + problem, problem);
        }
    }
}
