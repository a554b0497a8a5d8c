package perdure.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import perdure.checkpoint.CheckpointStore;
import perdure.checkpoint.LossHistory;
import perdure.checkpoint.Snapshot;
import perdure.checkpoint.TokenizerFiles;
import perdure.checkpoint.TrainerState;
import perdure.device.NativeConfig;
import perdure.model.LanguageModel;
import perdure.run.BadInputException;
import tools.jackson.databind.JsonNode;

/**
 * A script of {@code scripts/reference} that runs in the user's Python, in a process of its own. A benchmark compares
 * itself with it. The script writes one line of JSON with its name, and then answers each line of JSON with one line.
 */
final class ReferenceScript implements AutoCloseable {

    private final JsonProcess process;

    /**
     * Starts the script and waits until it is ready.
     *
     * @throws BadInputException with one line, if that Python does not start or the script does not run in it
     */
    ReferenceScript(Path python, String script, String... arguments) {
        process = start(python, script, arguments);
        try {
            process.awaitReady();
        } catch (RuntimeException notReady) {
            close();
            throw notReady;
        }
    }

    /** Starts the script without waiting until it is ready. */
    static JsonProcess start(Path python, String script, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(python.toString(), location(script).toString()));
        command.addAll(List.of(arguments));
        return new JsonProcess(command, problem -> new BadInputException("against python", python + ": " + problem));
    }

    private static Path location(String script) {
        return NativeConfig.projectFolder().orElse(Path.of("")).resolve(Path.of("scripts", "reference", script));
    }

    /** Saves weights for the script, as a Hugging Face model without a tokenizer. Returns the model's folder. */
    static Path save(LanguageModel model, Path work) {
        return save(model, new TokenizerFiles(Map.of(), 0, 0), work);
    }

    /** The same with a tokenizer. */
    static Path save(LanguageModel model, TokenizerFiles tokenizer, Path work) {
        TrainerState state = new TrainerState(
                new TrainerState.Position(0, 0, 0, 0, 0L),
                new TrainerState.LossSum(0, 0),
                null,
                Map.of(),
                new TrainerState.Plan(1, 1),
                Map.of(),
                List.of(),
                null);
        try (PointerScope scope = new PointerScope();
                LossHistory history = LossHistory.open(work, state.position())) {
            return CheckpointStore.open(work, CheckpointStore.MINIMUM_KEPT, history)
                    .save(new Snapshot(model.config(), model.namedTensors(), Map.of(), state, tokenizer));
        }
    }

    /** The name that the script states: library and version. */
    String name() {
        return process.name();
    }

    /**
     * Asks a question and waits for the answer.
     *
     * @param question sent as one line of JSON
     * @throws BadInputException with one line, if the script ends or its answer is not JSON
     */
    JsonNode ask(Object question) {
        process.send(question);
        return process.receive();
    }

    @Override
    public void close() {
        process.close();
    }
}
