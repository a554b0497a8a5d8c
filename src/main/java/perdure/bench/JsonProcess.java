package perdure.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import perdure.device.Malloc;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A child process that writes one line of JSON with its name when it is ready, and then answers each line of JSON with
 * one line. It is killed when this process ends.
 */
final class JsonProcess implements AutoCloseable {

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final Function<String, RuntimeException> failure;
    private final Process process;
    private final Thread killAtExit;
    private final BufferedWriter questions;
    private final BufferedReader answers;
    private String name;

    /**
     * Starts the process.
     *
     * @param failure makes the exception that says a problem
     */
    JsonProcess(List<String> command, Function<String, RuntimeException> failure) {
        this.failure = failure;
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().remove(Malloc.ARENAS); // It may be set for this process alone.
            process = builder.start();
        } catch (IOException problem) {
            throw failure.apply(problem.getMessage());
        }
        killAtExit = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killAtExit);
        questions = process.outputWriter(UTF_8);
        answers = process.inputReader(UTF_8);
    }

    /** Waits until it is ready, as it is before its first answer. */
    void awaitReady() {
        name = receive().path("name").asString("");
    }

    /** The name that it has stated. */
    String name() {
        return name;
    }

    /** Sends a question, as one line of JSON. */
    void send(Object question) {
        try {
            questions.write(MAPPER.writeValueAsString(question));
            questions.newLine();
            questions.flush();
        } catch (IOException gone) {
            throw failure.apply(gone.getMessage());
        }
    }

    /** Waits for the next answer. */
    JsonNode receive() {
        try {
            String line = answers.readLine();
            while (line != null && line.startsWith("[Gloo]")) { // c10d tells of its connections.
                line = answers.readLine();
            }
            if (line == null) {
                throw failure.apply("the process ended without an answer.");
            }
            return MAPPER.readTree(line);
        } catch (IOException | JacksonException problem) {
            throw failure.apply(problem.getMessage());
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        Runtime.getRuntime().removeShutdownHook(killAtExit);
    }
}
