package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import perdure.run.BadInputException;

/**
 * The command {@code train} in a process of its own, the same program on the same Java, so that it can be killed as by
 * an accident. It follows the process by what it logs and by what appears in the run folder.
 */
public final class TrainingProcess implements AutoCloseable {

    private static final Pattern STEP = Pattern.compile("TRACE Step (\\d+)\\.");
    private static final Pattern SAVED = Pattern.compile("DEBUG Saved step (\\d+) ");
    private static final Pattern PORT = Pattern.compile("Status: http://[^/]*:(\\d+)/");

    private final Path runFolder;
    private final Path log;
    private final Process process;
    private final Thread killAtExit;

    private TrainingProcess(Path runFolder, Path log, Process process) {
        this.runFolder = runFolder;
        this.log = log;
        this.process = process;
        killAtExit = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killAtExit);
    }

    /**
     * Starts it.
     *
     * @param runFolder its {@code --checkpoints}
     * @param log where its output goes, both streams
     * @param flags of {@code train}, besides {@code --checkpoints}
     * @param javaOptions added to those of this process
     */
    public static TrainingProcess start(Path runFolder, Path log, List<String> flags, String... javaOptions) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-agent") && !option.startsWith("-javaagent"))
                .forEach(command::add);
        command.add("-Dperdure.log=TRACE");
        Collections.addAll(command, javaOptions);
        Collections.addAll(command, "-cp", System.getProperty("java.class.path"), "Train");
        command.addAll(flags);
        Collections.addAll(command, "--checkpoints", runFolder.toString());
        try {
            // Written anew when the training begins.
            Files.deleteIfExists(status(runFolder));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new TrainingProcess(runFolder, log, process);
        } catch (IOException problem) {
            throw new UncheckedIOException("No second Java could be started: " + problem.getMessage(), problem);
        }
    }

    private static Path status(Path runFolder) {
        return runFolder.resolve("training_status.json");
    }

    /** Waits until it is about to train; false if it ends before. */
    public boolean awaitTraining() {
        return await(() -> Files.exists(status(runFolder)));
    }

    /** Waits until a checkpoint begins to be written; false if the process ends before. */
    public boolean awaitSave() {
        return await(() -> {
            try (DirectoryStream<Path> temporary = Files.newDirectoryStream(runFolder, "step-*.tmp")) {
                return temporary.iterator().hasNext();
            } catch (IOException absent) {
                return false;
            }
        });
    }

    /** What is waited for. */
    public interface Condition {
        boolean holds();
    }

    /** Looks every millisecond; false if the process ends before the condition holds. */
    public boolean await(Condition condition) {
        while (!condition.holds()) {
            if (!process.isAlive()) {
                return false;
            }
            pause(1);
        }
        return true;
    }

    public static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException("Interrupted.", stopped);
        }
    }

    /** SIGKILL, where there are signals. @return whether it was still alive */
    public boolean kill() {
        boolean alive = process.isAlive();
        process.destroyForcibly();
        waitFor();
        return alive;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end; the exit code. */
    public int waitFor() {
        try {
            return process.waitFor();
        } catch (InterruptedException stopped) {
            throw new IllegalStateException("Interrupted.", stopped);
        }
    }

    /**
     * Waits for its end.
     *
     * @throws BadInputException with its own words, if it found its flags or data bad
     * @throws IllegalStateException if it failed
     */
    public void requireDone() {
        int code = waitFor();
        if (code != 0) {
            List<String> lines = output().lines().toList();
            String last = lines.isEmpty() ? "nothing" : lines.get(lines.size() - 1);
            if (code == 2) {
                throw new BadInputException(last.replaceFirst("^perdure: ", ""));
            }
            throw new IllegalStateException("A trainer ended with " + code + " and said: " + last);
        }
    }

    /** All that it has said. */
    public String output() {
        try {
            return Files.readString(log);
        } catch (IOException problem) {
            throw new UncheckedIOException(log + ": " + problem.getMessage(), problem);
        }
    }

    /** The last step that it has finished, 0 if none. */
    public long lastStep() {
        return last(STEP);
    }

    /** The last step that it has called saved, 0 if none. */
    public long lastSaved() {
        return last(SAVED);
    }

    /** Where it serves, 0 if nowhere. */
    public int port() {
        return (int) last(PORT);
    }

    private long last(Pattern pattern) {
        long number = 0;
        Matcher matcher = pattern.matcher(output());
        while (matcher.find()) {
            number = Long.parseLong(matcher.group(1));
        }
        return number;
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(killAtExit);
    }
}
