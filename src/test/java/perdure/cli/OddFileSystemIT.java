package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.bench.TrainingProcess;

/**
 * The real command where the file system refuses an operation, as network file systems and those in user space do. A
 * library that is loaded before all others refuses it.
 */
class OddFileSystemIT {

    private static final String SOURCE = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <fcntl.h>
            #include <stdarg.h>
            #include <stdlib.h>
            #include <sys/stat.h>

            static int refuses(const char *variable) {
                char *number = getenv(variable);
                if (number) errno = atoi(number);
                return number != 0;
            }
            static int is_folder(int file) {
                struct stat status;
                return fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
            }
            int fsync(int file) {
                if (is_folder(file) && refuses("FORCE_ERRNO")) return -1;
                return ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(file);
            }
            int fdatasync(int file) {
                if (is_folder(file) && refuses("FORCE_ERRNO")) return -1;
                return ((int (*)(int)) dlsym(RTLD_NEXT, "fdatasync"))(file);
            }
            static int control(const char *name, int file, int command, void *argument) {
                if ((command == F_SETLK || command == F_SETLKW) && refuses("LOCK_ERRNO")) return -1;
                return ((int (*)(int, int, ...)) dlsym(RTLD_NEXT, name))(file, command, argument);
            }
            int fcntl(int file, int command, ...) {
                va_list list;
                va_start(list, command);
                return control("fcntl", file, command, va_arg(list, void *));
            }
            int fcntl64(int file, int command, ...) {
                va_list list;
                va_start(list, command);
                return control("fcntl64", file, command, va_arg(list, void *));
            }
            """;

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    private static Path library;
    private TinyRun run;

    @BeforeAll
    static void compile() throws Exception {
        library = shared.resolve("refuse.so");
        Path source = Files.writeString(shared.resolve("refuse.c"), SOURCE);
        try {
            Process compiler = new ProcessBuilder("cc", "-shared", "-fPIC", "-o", "" + library, "" + source, "-ldl")
                    .inheritIO()
                    .start();
            assumeTrue(compiler.waitFor() == 0);
        } catch (IOException noCompiler) {
            assumeTrue(false, "no C compiler");
        }
    }

    @BeforeEach
    void prepare() {
        run = new TinyRun(folder);
    }

    private Process start(List<String> command, String variable, int number) {
        return run.start(command, Map.of("LD_PRELOAD", library.toString(), variable, "" + number));
    }

    private String output() throws IOException {
        return Files.readString(run.log());
    }

    private long lines(String text) throws IOException {
        return output().lines().filter(line -> line.contains(text)).count();
    }

    @ParameterizedTest
    @ValueSource(ints = {22, 38, 95})
    void foldersThatCannotBeForcedAreOneWarning(int number) throws Exception {
        Process trainer = start(run.train("--epochs", "2", "--checkpoint-every", "2"), "FORCE_ERRNO", number);
        assertEquals(0, TinyRun.await(trainer), this::outputOrNothing);
        assertEquals(1, lines("cannot force folders to disk"), output());
        assertEquals(1, lines(" WARN  "), output()); // the JVM warns in its own way
        assertTrue(run.meta().contains("\"step\" : 10"));
    }

    @Test
    void anIoErrorIsFoundBeforeTraining() throws Exception {
        Files.createDirectory(run.checkpoints);
        assertEquals(2, TinyRun.await(start(run.train("--epochs", "1"), "FORCE_ERRNO", 5)), this::outputOrNothing);
        assertEquals(1, lines("cannot hold checkpoints"), output());
        assertEquals(0, lines("parameters on"), output());
    }

    @Test
    void withoutLocksASecondTrainerIsRefusedByTheContentOfTheFile() throws Exception {
        List<String> command = run.train("--epochs", "100000", "--steps-per-epoch", "100");
        Process first = start(command, "LOCK_ERRNO", 37);
        try {
            while (lines("parameters on") == 0) {
                assertTrue(first.isAlive(), output());
                TrainingProcess.pause(50);
            }
            assertEquals(1, lines("run.lock has no locks"), output());
            assertEquals(2, TinyRun.await(start(command, "LOCK_ERRNO", 37)), this::outputOrNothing);
            assertEquals(1, lines("is in use by process " + first.pid()), output());
            assertTrue(first.isAlive());
        } finally {
            first.destroy();
            assertEquals(143, TinyRun.await(first), this::outputOrNothing);
        }
        Process next = start(command, "LOCK_ERRNO", 37);
        while (lines("Resuming at epoch") == 0) {
            assertTrue(next.isAlive(), output());
            TrainingProcess.pause(50);
        }
        next.destroy();
        assertEquals(143, TinyRun.await(next), this::outputOrNothing);
    }

    private String outputOrNothing() {
        try {
            return output();
        } catch (IOException none) {
            return "";
        }
    }
}
