package perdure.export;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.CacheType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/**
 * llama.cpp, the judge of GGUF files, in a process of its own, so that its native libraries and libtorch never meet. The
 * Java library has one of March 2025. A newer one is asked if {@code perdure.llama} names the folder where the npm
 * package {@code node-llama-cpp} is installed.
 */
public final class LlamaCpp {

    private static final String NEWER = System.getProperty("perdure.llama");

    /**
     * What is asked of a file.
     *
     * @param texts to encode
     * @param prompts to continue with the likeliest token
     * @param tokens so many at most, of each prompt
     */
    public record Question(List<String> texts, List<String> prompts, int tokens) {}

    /**
     * What it answers.
     *
     * @param ids of each text
     * @param pieces the text of each token, of each prompt
     */
    public record Answer(List<int[]> ids, List<List<String>> pieces) {}

    private LlamaCpp() {}

    /** Whether it is newer than the families of 2025. */
    static boolean isNewer() {
        return NEWER != null;
    }

    /** Loads the file and answers, or fails with what llama.cpp printed. */
    public static Answer ask(Path gguf, Question question, Path work) throws IOException, InterruptedException {
        Path asked = work.resolve("question.json");
        Path answered = work.resolve("answer.json");
        Path log = work.resolve("llama.log");
        Files.deleteIfExists(answered);
        JsonMapper.shared().writeValue(asked.toFile(), question);
        List<String> command = new ArrayList<>();
        if (isNewer()) {
            Collections.addAll(command, "node", "scripts/golden/llama.mjs", NEWER);
        } else {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            Collections.addAll(command, "-Djava.io.tmpdir=" + work, "-cp", System.getProperty("java.class.path"));
            command.add(LlamaCpp.class.getName());
        }
        Collections.addAll(command, gguf.toString(), asked.toString(), answered.toString());
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("llama.cpp did not end.");
        }
        if (process.exitValue() != 0 || !Files.exists(answered)) {
            throw new AssertionError("llama.cpp ended with " + process.exitValue() + ":\n" + Files.readString(log));
        }
        return JsonMapper.shared().readValue(answered.toFile(), Answer.class);
    }

    /** In that process: the file, the question's and the answer's. */
    public static void main(String[] arguments) {
        Question question = JsonMapper.shared().readValue(Path.of(arguments[1]).toFile(), Question.class);
        // A cache of 32-bit floats, as ours.
        ModelParameters parameters = new ModelParameters()
                .setModel(arguments[0])
                .setCtxSize(512)
                .setThreads(1)
                .setCacheTypeK(CacheType.F32)
                .setCacheTypeV(CacheType.F32);
        try (LlamaModel model = new LlamaModel(parameters)) {
            List<int[]> ids = question.texts().stream().map(model::encode).toList();
            List<List<String>> pieces = new ArrayList<>();
            for (String prompt : question.prompts()) {
                InferenceParameters greedy = new InferenceParameters(prompt)
                        .setTemperature(0)
                        .setNPredict(question.tokens())
                        .setCachePrompt(false);
                List<String> answer = new ArrayList<>();
                for (LlamaOutput output : model.generate(greedy)) {
                    answer.add(output.text);
                }
                pieces.add(answer);
            }
            JsonMapper.shared().writeValue(Path.of(arguments[2]).toFile(), new Answer(ids, pieces));
            Runtime.getRuntime().halt(0); // Closing the model waits for ever.
        }
    }
}
