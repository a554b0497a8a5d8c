package perdure.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.PretrainedFolder;
import perdure.device.LoadedNatives;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.model.TestConfigs;
import perdure.safetensors.Safetensors;
import perdure.tokenizer.Tokenizer;

/** llama.cpp encodes texts with the tokenizers of published models as we do. */
@ExtendWith(LoadedNatives.class)
class GgufTokenizersIT {

    private static final Path GOLDEN = Path.of("src/test/resources/golden/foreign");
    private static final Path STORIES = Path.of("../shared/data/stories260K");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama2", "llama3", "metaspace", "qwen"})
    void encodesAsWeDo(String name) throws Exception {
        try (Stream<Path> files = Files.list(GOLDEN.resolve(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        try (Tokenizer tokenizer = Tokenizer.read(folder)) {
            // Some ids more than the tokenizer has, as published models have.
            ModelConfig config = TestConfigs.BYTES.withVocabularySize(tokenizer.vocabularySize() + 5);
            try (LanguageModel model = new LanguageModel(config, 1)) {
                Safetensors.write(folder.resolve(Checkpoint.WEIGHTS), model.namedTensors(), Map.of());
            }
            Predicate<String> same =
                    switch (name) {
                        // llama.cpp puts a space before every text, this tokenizer only where there is none.
                        case "metaspace" -> text -> !text.startsWith(" ");
                        // llama.cpp does not normalise.
                        case "qwen" -> text -> Normalizer.isNormalized(text, Normalizer.Form.NFC);
                        default -> text -> true;
                    };
            requireSameIds(file(new Checkpoint(folder, config, null)), tokenizer, same);
        }
    }

    /** A model that others trained and published. */
    @Test
    void continuesTheStoryOfAPublishedModel() throws Exception {
        Assumptions.assumeTrue(Files.isDirectory(STORIES));
        Checkpoint checkpoint =
                new Checkpoint(STORIES, PretrainedFolder.open(STORIES).config(), null);
        Path file = file(checkpoint);
        LlamaCpp.Answer answer = LlamaCpp.ask(file, new LlamaCpp.Question(List.of(), List.of("Once"), 70), folder);
        String story = "Once" + String.join("", answer.pieces().get(0));
        assertTrue(
                story.startsWith(
                        "Once upon a time, there was a little girl named Lily. She loved to play outside in the"
                                + " park. One day, she saw a big, red ball."),
                story);
        try (Tokenizer tokenizer = Tokenizer.read(STORIES)) {
            requireSameIds(file, tokenizer, text -> true);
        }
    }

    private Path file(Checkpoint checkpoint) {
        Path file = folder.resolve("model.gguf");
        new GgufFile(checkpoint, checkpoint.weights(), GgufType.F32, "foreign").write(file);
        return file;
    }

    private void requireSameIds(Path file, Tokenizer tokenizer, Predicate<String> expected)
            throws IOException, InterruptedException {
        List<String> texts =
                GgufModel.texts(4000).stream().filter(expected).limit(3000).toList();
        LlamaCpp.Answer answer = LlamaCpp.ask(file, new LlamaCpp.Question(texts, List.of(), 1), folder);
        int same = 0;
        for (int i = 0; i < texts.size(); i++) {
            assertArrayEquals(tokenizer.encode(texts.get(i)), answer.ids().get(i), texts.get(i));
            same++;
        }
        assertEquals(3000, same);
    }
}
