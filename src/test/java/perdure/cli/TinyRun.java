package perdure.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import perdure.checkpoint.MetaStore;

/** The real command on a model that trains in a blink, in this process or in one of its own. */
final class TinyRun {
    /** How a command ended. */
    record Result(int exitCode, String out, String err) {}

    private final Path folder;
    final Path data;
    final Path checkpoints;

    TinyRun(Path folder) {
        this.folder = folder;
        this.data = folder.resolve("text.txt");
        this.checkpoints = folder.resolve("run");
        try {
            Files.writeString(data, text());
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /** About 9,000 bytes of sentences, the same each time. */
    private static String text() {
        String[] nouns = {"fox", "dog", "cat", "crow", "mole", "hare"};
        String[] verbs = {"sees", "hears", "meets", "follows"};
        Random random = new Random(7);
        StringBuilder text = new StringBuilder();
        while (text.length() < 9000) {
            text.append("The ").append(nouns[random.nextInt(nouns.length)]);
            text.append(' ').append(verbs[random.nextInt(verbs.length)]);
            text.append(" the ").append(nouns[random.nextInt(nouns.length)]).append(".\n");
        }
        return text.toString();
    }

    /** {@code train} with the tiny shape; flags given last win. */
    List<String> train(String... flags) {
        List<String> command = new ArrayList<>(List.of("train", "--no-server", "--device", "cpu"));
        Collections.addAll(command, "--data", data.toString(), "--checkpoints", checkpoints.toString());
        Collections.addAll(
                command,
                "--threads",
                "1",
                "--vocab-size",
                "256",
                "--layers",
                "1",
                "--heads",
                "2",
                "--hidden-size",
                "16");
        Collections.addAll(command, "--context", "16", "--batch-size", "4", "--steps-per-epoch", "5");
        Collections.addAll(command, flags);
        return command;
    }

    /** Runs a command in this process. */
    static synchronized Result run(List<String> command) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream newOut = new ByteArrayOutputStream();
        ByteArrayOutputStream newErr = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(newOut, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(newErr, true, StandardCharsets.UTF_8));
            int exitCode = Main.run(command.toArray(String[]::new));
            return new Result(
                    exitCode, newOut.toString(StandardCharsets.UTF_8), newErr.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    /** Starts a command in a process of its own; its output goes to {@link #log}. */
    Process start(List<String> command) {
        return start(command, Map.of());
    }

    /** As {@link #start(List)}, with additions to the environment; an empty value removes what is there. */
    Process start(List<String> command, Map<String, String> environment) {
        List<String> whole = new ArrayList<>();
        whole.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Collections.addAll(whole, ChildJava.options());
        whole.add("perdure.cli.Main");
        whole.addAll(command);
        try {
            ProcessBuilder process = new ProcessBuilder(whole)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
            process.environment().putAll(environment);
            process.environment().values().removeIf(String::isEmpty);
            return process.start();
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    /** Runs a command in a process of its own, so that those which it starts are started as quickly. */
    Result runApart(List<String> command) {
        try {
            int exitCode = await(start(command));
            return new Result(exitCode, Files.readString(log()), "");
        } catch (IOException | InterruptedException problem) {
            throw new AssertionError(problem);
        }
    }

    /** Exit code of a process that must end within ten minutes. */
    static int await(Process process) throws InterruptedException {
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("The process did not end.");
        }
        return process.exitValue();
    }

    Path log() {
        return folder.resolve("log.txt");
    }

    /** The newest checkpoint's folder. */
    Path newest() {
        return checkpoints.resolve(new MetaStore(checkpoints).read().checkpoint());
    }

    /** Those of the newest checkpoint, byte for byte. */
    byte[][] weightsAndMoments() throws IOException {
        return new byte[][] {
            Files.readAllBytes(newest().resolve("model.safetensors")),
            Files.readAllBytes(newest().resolve("optimizer.safetensors"))
        };
    }

    String meta() throws IOException {
        return Files.readString(checkpoints.resolve("current.meta.json"));
    }
}
