package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.checkpoint.Checkpoint;
import perdure.export.GgufModel;
import perdure.export.LlamaCpp;
import perdure.model.LanguageModel;
import perdure.tokenizer.Tokenizer;

/** What {@code export} writes of a trained model, judged by llama.cpp. */
class ExportIT {

    private static final String[] SHAPE = {
        "--layers", "2", "--heads", "4", "--kv-heads", "2", "--hidden-size", "64", "--intermediate-size", "96",
        "--context", "64", "--batch-size", "8", "--steps-per-epoch", "150", "--epochs", "1", "--learning-rate", "1e-2",
        "--min-learning-rate", "1e-3", "--warmup-steps", "10"
    };

    @TempDir
    static Path folder;

    private static TinyRun words;
    private static TinyRun bytes;

    @BeforeAll
    static void train() throws IOException {
        words = new TinyRun(Files.createDirectory(folder.resolve("words")));
        bytes = new TinyRun(Files.createDirectory(folder.resolve("bytes")));
        List<String> learned = words.train(SHAPE);
        learned.addAll(List.of("--vocab-size", "320"));
        assertEquals(0, TinyRun.run(learned).exitCode());
        assertEquals(0, TinyRun.run(bytes.train("--epochs", "1")).exitCode());
    }

    private static Path export(TinyRun run, String type) {
        Path file = folder.resolve(run.checkpoints.getParent().getFileName() + "-" + type + ".gguf");
        TinyRun.Result result = TinyRun.run(List.of(
                "export",
                "--checkpoints",
                run.checkpoints.toString(),
                "--format",
                "gguf",
                "--type",
                type,
                "--output",
                file.toString(),
                "--overwrite"));
        assertEquals("", result.err());
        assertEquals(0, result.exitCode());
        return file;
    }

    /**
     * llama.cpp continues texts as our model does with the weights that are in the file. It rounds activations to 8 bits
     * where the weights have 8 or 4, so that its logits differ.
     */
    @ParameterizedTest
    @CsvSource({"f32, 0.01", "f16, 0.01", "bf16, 0.01", "q8_0, 0.2", "q4_0, 0.5"})
    void answersWithTheWeightsOfTheFile(String type, double margin) throws Exception {
        Path file = export(words, type);
        Checkpoint checkpoint = Checkpoint.open(words.newest());
        LlamaCpp.Question question =
                new LlamaCpp.Question(List.of(), List.of("The fox", "The crow follows the", "The"), 40);
        LlamaCpp.Answer answer = LlamaCpp.ask(file, question, folder);

        try (Tokenizer tokenizer = Tokenizer.read(checkpoint.folder());
                LanguageModel model = new LanguageModel(checkpoint.config(), 1)) {
            GgufModel.load(file, model, true);
            int compared = GgufModel.requireSameAnswers(model, tokenizer, question, answer, margin);
            assertTrue(compared > 100, answer.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void encodesTextAsOurTokenizerDoes(boolean learned) throws Exception {
        TinyRun run = learned ? words : bytes;
        List<String> texts = GgufModel.texts(3000);
        LlamaCpp.Answer answer = LlamaCpp.ask(export(run, "f32"), new LlamaCpp.Question(texts, List.of(), 1), folder);

        try (Tokenizer tokenizer = Tokenizer.read(run.newest())) {
            for (int i = 0; i < texts.size(); i++) {
                assertArrayEquals(tokenizer.encode(texts.get(i)), answer.ids().get(i), texts.get(i));
            }
        }
    }
}
