package perdure.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import perdure.run.BadInputException;

/**
 * The command {@code train} in a process of its own, with the same program and the same Java, so that it can be killed
 * as by an accident. This class follows the process by its log and by the files in the run folder.
 */
public final class TrainingProcess implements AutoCloseable {

    private static final Pattern STEP = Pattern.compile("TRACE Step (\\d+)\\.");
    private static final Pattern SAVED = Pattern.compile("DEBUG Saved step (\\d+) ");
    private static final Pattern PORT = Pattern.compile("Status: http://[^/]*:(\\d+)/");

    private final Path runFolder;
    private final Path log;
    private final Process process;
    private final Thread killAtExit;
    private final Map<Pattern, Long> numbers = new HashMap<>();
    private long read; // bytes of the log

    private TrainingProcess(Path runFolder, Path log, Process process) {
        this.runFolder = runFolder;
        this.log = log;
        this.process = process;
        killAtExit = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killAtExit);
    }

    /**
     * Starts the process.
     *
     * @param runFolder its {@code --checkpoints}
     * @param log file for its output, both streams
     * @param flags of {@code train}, besides {@code --checkpoints}
     * @param javaOptions added to those of this process; a class path among them replaces its own
     * @throws UncheckedIOException if it cannot be started
     */
    public static TrainingProcess start(Path runFolder, Path log, List<String> flags, String... javaOptions) {
        List<String> options = new ArrayList<>(List.of("-Dperdure.log=TRACE"));
        Collections.addAll(options, javaOptions);
        List<String> command = command(options, "Train");
        command.addAll(flags);
        Collections.addAll(command, "--checkpoints", runFolder.toString());
        try {
            // The process writes it again when training begins.
            Files.deleteIfExists(status(runFolder));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new TrainingProcess(runFolder, log, process);
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "A second Java process could not be started: " + problem.getMessage(), problem);
        }
    }

    /** A command that starts a class of this program with the same Java, its options and more of them. */
    static List<String> command(List<String> moreOptions, String mainClass) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-agent") && !option.startsWith("-javaagent"))
                .forEach(command::add);
        Collections.addAll(command, "-cp", System.getProperty("java.class.path"));
        command.addAll(moreOptions);
        command.add(mainClass);
        return command;
    }

    private static Path status(Path runFolder) {
        return runFolder.resolve("training_status.json");
    }

    /** Waits until training begins. Returns false if the process ends before. */
    public boolean awaitTraining() {
        return await(() -> Files.exists(status(runFolder)));
    }

    /** Waits until the process begins to write a checkpoint. Returns false if it ends before. */
    public boolean awaitSave() {
        return await(() -> {
            try (DirectoryStream<Path> temporary = Files.newDirectoryStream(runFolder, "step-*.tmp")) {
                return temporary.iterator().hasNext();
            } catch (IOException absent) {
                return false;
            }
        });
    }

    /** A condition to wait for. */
    public interface Condition {
        boolean holds();
    }

    /** Waits for a condition, which is checked every millisecond. Returns false if the process ends before it holds. */
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

    /**
     * Kills the process, with SIGKILL where there are signals, and waits for its end.
     *
     * @return whether it was still alive
     */
    public boolean kill() {
        boolean alive = process.isAlive();
        process.destroyForcibly();
        waitFor();
        return alive;
    }

    /** @param signal its name, such as TERM */
    public void send(String signal) {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(pid()))
                    .start()
                    .waitFor();
        } catch (IOException problem) {
            throw new UncheckedIOException("kill: " + problem.getMessage(), problem);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException("Interrupted.", stopped);
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for the end of the process. Returns its exit code. */
    public int waitFor() {
        try {
            return process.waitFor();
        } catch (InterruptedException stopped) {
            throw new IllegalStateException("Interrupted.", stopped);
        }
    }

    /** Waits for the end of the process, so long at most. Returns whether it has ended. */
    boolean ends(Duration limit) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException("Interrupted.", stopped);
        }
    }

    /**
     * Waits for the end of the process, which must be a success.
     *
     * @throws BadInputException with the message of the process, if its flags or data are bad
     * @throws IllegalStateException if the process failed
     */
    public void requireDone() {
        int code = waitFor();
        if (code != 0) {
            if (code == 2) {
                throw new BadInputException(lastLine().replaceFirst("^perdure: ", ""));
            }
            throw new IllegalStateException(
                    "A trainer ended with exit code " + code + ". Its last line: " + lastLine());
        }
    }

    /** What it has written last. */
    String lastLine() {
        return output().lines().reduce((line, next) -> next).orElse("nothing");
    }

    /** Everything that it has written to the log. */
    public String output() {
        try {
            return Files.readString(log);
        } catch (IOException problem) {
            throw new UncheckedIOException(log + ": " + problem.getMessage(), problem);
        }
    }

    /** The last step that it has finished, or 0 if there is none. */
    public long lastStep() {
        return last(STEP);
    }

    /** The last step that it has saved, or 0 if there is none. */
    public long lastSaved() {
        return last(SAVED);
    }

    /** The port of its server, or 0 if it has none. */
    public int port() {
        return (int) last(PORT);
    }

    /** The last number of that kind in the log, of which only what was added since the last call is read. */
    private synchronized long last(Pattern pattern) {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            byte[] added = new byte[Math.toIntExact(file.length() - read)];
            file.seek(read);
            file.readFully(added);
            String text = new String(added, StandardCharsets.ISO_8859_1); // a character for each byte
            String lines = text.substring(0, text.lastIndexOf('\n') + 1);
            read += lines.length();
            for (Pattern kind : List.of(STEP, SAVED, PORT)) {
                Matcher matcher = kind.matcher(lines);
                while (matcher.find()) {
                    numbers.put(kind, Long.parseLong(matcher.group(1)));
                }
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(log + ": " + problem.getMessage(), problem);
        }
        return numbers.getOrDefault(pattern, 0L);
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(killAtExit);
    }
}
