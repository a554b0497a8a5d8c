package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;

class TrainingTextTest {

    private static final Tokenizer BYTES =
            Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), ByteLevelBpeTrainer.BYTES));

    @TempDir
    Path folder;

    private Corpus corpus(String name, String text) throws IOException {
        return Corpus.files(List.of(Files.writeString(folder.resolve(name), text)));
    }

    private static boolean refuses(Runnable check) {
        try {
            check.run();
            return false;
        } catch (IllegalArgumentException refused) {
            return true;
        }
    }

    /** What is enough before tokenizing must be enough after it, and the other way round. */
    @Test
    void requiresExactlyWhatTrainingNeeds() throws IOException {
        for (int length = 1; length < 40; length++) {
            TextAndTokens made = made(length);
            for (double fraction : new double[] {0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 0.99}) {
                for (int context = 1; context < 40; context += 3) {
                    TrainingText text = new TrainingText(made.text, null, fraction, true);
                    int sequence = context;
                    boolean early = refuses(() -> {
                        text.requireTraining(sequence, null, BYTES, () -> false);
                        text.requireValidation(BYTES, () -> false);
                    });
                    boolean late = refuses(() -> {
                        HeldOut heldOut = HeldOut.of(made.tokens, fraction, 1);
                        BatchLoader.shuffled(heldOut.training(), Sequences.PLAIN, sequence, 1, 1)
                                .close();
                    });
                    assertEquals(late, early, length + " bytes, " + fraction + " held out, context " + context);
                }
            }
        }
    }

    private record TextAndTokens(Corpus text, TokenFile tokens) {}

    private TextAndTokens made(int length) throws IOException {
        Corpus text = corpus(length + ".txt", "a".repeat(length));
        return new TextAndTokens(text, TokenFile.open(folder, text, BYTES, TokenizingOptions.of(() -> false)));
    }

    @Test
    void requiresSomethingToPredictInTheValidationText() throws IOException {
        Corpus training = corpus("text.txt", "a".repeat(100));
        Corpus nothing = corpus("nothing.jsonl", "{\"text\":\"\"}\n");
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new TrainingText(training, nothing, 0.1, true).requireValidation(BYTES, () -> false))
                .getMessage();
        assertTrue(message.startsWith("The validation text "), message);
        Corpus letter = corpus("letter.jsonl", "{\"text\":\"a\"}\n");
        new TrainingText(training, letter, 0.1, true).requireTraining(99, null, BYTES, () -> false);
        new TrainingText(training, letter, 0.1, true).requireValidation(BYTES, () -> false);
    }

    @Test
    void canBeStopped() throws IOException {
        TrainingText text = new TrainingText(corpus("text.txt", "a".repeat(100)), null, 0.1, true);
        assertThrows(CancellationException.class, () -> text.requireTraining(8, null, BYTES, () -> true));
    }
}
