package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.MetaStore;

/** Somebody renames the folder of a run that is trained, copies it, and starts the same command again. */
@Timeout(300)
class ReplacedFolderIT {

    private static final Pattern SAVED = Pattern.compile("Saved: (step-[0-9]+)\\.");

    @TempDir
    Path folder;

    private static void await(Process process, BooleanSupplier what) throws InterruptedException {
        while (!what.getAsBoolean()) {
            assertTrue(process.isAlive());
            Thread.sleep(50);
        }
    }

    private static Long step(Path run) {
        return new MetaStore(run).read().step();
    }

    private static String log(TinyRun run) {
        try {
            return Files.readString(run.log());
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /** What a process says at last that it has saved. */
    private static String saved(TinyRun run) {
        Matcher saved = SAVED.matcher(log(run));
        assertTrue(saved.find(), () -> log(run));
        return saved.group(1);
    }

    @Test
    void neitherTrainerWritesIntoTheFolderOfTheOther() throws Exception {
        TinyRun first = new TinyRun(folder);
        TinyRun second = new TinyRun(Files.createDirectory(folder.resolve("second")));
        List<String> command = first.train("--epochs", "1000000", "--checkpoint-every", "50");
        Path renamed = folder.resolve("renamed");
        Process one = first.start(command);
        try {
            await(one, () -> step(first.checkpoints) != null);
            Files.move(first.checkpoints, renamed);
            Path copy = folder.resolve("copy");
            try (Stream<Path> tree = Files.walk(renamed)) {
                for (Path each : tree.toList()) {
                    Files.copy(each, copy.resolve(renamed.relativize(each)));
                }
            }
            Files.move(copy, first.checkpoints);
            long copied = step(first.checkpoints);
            Process other = second.start(command);
            try {
                await(other, () -> step(first.checkpoints) > copied);
                one.destroy();
                await(one, () -> log(first).contains("saving is tried again"));
                assertTrue(log(first).contains("was replaced by that of process " + other.pid()), () -> log(first));
                other.destroy();
                assertEquals(143, TinyRun.await(other), () -> log(second));
            } finally {
                other.destroyForcibly();
            }
            assertEquals(saved(second), new MetaStore(first.checkpoints).read().checkpoint());
            Files.move(first.checkpoints, folder.resolve("that of the second"));
            Files.move(renamed, first.checkpoints);
            assertEquals(143, TinyRun.await(one), () -> log(first));
            assertEquals(saved(first), new MetaStore(first.checkpoints).read().checkpoint());
        } finally {
            one.destroyForcibly();
        }
    }
}
