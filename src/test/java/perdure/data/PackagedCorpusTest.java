package perdure.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.bundled.BundledCorpus;
import perdure.run.ModelShape;
import perdure.tokenizer.Tokenizer;

/**
 * The bundled text comes with its tokens. They are what the text comes to today: {@code -Dperdure.record=true} writes them
 * again after a change of the text, of the tokenizer's training or of the format of tokens.
 */
class PackagedCorpusTest {

    private static final Path PACKAGED = Path.of("src", "main", "resources", "perdure", "bundled");
    private static final int USUAL = ModelShape.DEFAULT.vocabularySize();

    @TempDir
    Path folder;

    private static Corpus text() {
        BundledCorpus bundled = new BundledCorpus();
        return Corpus.conversations(bundled::conversations);
    }

    private static Map<String, byte[]> files(Path folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(folder.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        files.keySet().removeIf(name -> !name.startsWith("tokens-") && !name.equals(LearntTokenizer.FILE));
        return files;
    }

    private static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
    }

    @Test
    void theTokensInTheJarAreThoseOfTheText() throws IOException {
        PackagedCorpus.write(folder, text(), USUAL);
        Map<String, byte[]> made = files(folder);
        if (Boolean.getBoolean("perdure.record")) {
            for (String old : files(PACKAGED).keySet()) {
                Files.delete(PACKAGED.resolve(old));
            }
            for (Map.Entry<String, byte[]> file : made.entrySet()) {
                Path path = PACKAGED.resolve(file.getKey());
                Files.createDirectories(path.getParent());
                Files.write(path, file.getValue());
            }
        }
        assertSame(made, files(PACKAGED));
    }

    @Test
    void aStartTakesThemWithoutMakingTheText() {
        Corpus unread = Corpus.packaged(
                Corpus.conversations(() -> {
                    throw new AssertionError("The text was made.");
                }),
                BundledCorpus.class);
        LearntTokenizer learnt = LearntTokenizer.learn(unread, USUAL, () -> false);
        try (Tokenizer tokenizer = Tokenizer.of(learnt.json())) {
            TrainingText training = new TrainingText(unread, null, 0.1, true);
            training.requireTraining(128, null, tokenizer, () -> false);
            training.requireValidation(tokenizer, () -> false);
            for (int start = 0; start < 2; start++) { // The second finds those of the first.
                TokenFile tokens = unread.tokens(folder, tokenizer, options());
                assertEquals(learnt.fingerprint(), tokens.fingerprint());
                assertEquals(unread.fingerprint(() -> false), tokens.fingerprint());
            }
        }
    }

    @Test
    void damagedTokensOrAnotherTokenizerMakeTheText() throws IOException {
        Corpus corpus = new BundledCorpus().corpus();
        try (Tokenizer tokenizer =
                Tokenizer.of(LearntTokenizer.learn(corpus, USUAL, () -> false).json())) {
            TokenFile tokens = corpus.tokens(folder, tokenizer, options());
            byte[] ids = Files.readAllBytes(tokens.path().resolve("ids.bin"));
            byte[] damaged = ids.clone();
            damaged[1000] ^= 1;
            Files.write(tokens.path().resolve("ids.bin"), damaged);
            corpus.tokens(folder, tokenizer, options());
            assertArrayEquals(ids, Files.readAllBytes(tokens.path().resolve("ids.bin")));
        }
        assertNull(corpus.learnt(300));
        LearntTokenizer other = LearntTokenizer.learn(corpus, 300, () -> false);
        assertEquals(LearntTokenizer.learn(text(), 300, () -> false), other);
        try (Tokenizer tokenizer = Tokenizer.of(other.json())) {
            assertEquals(
                    text().fingerprint(() -> false),
                    corpus.tokens(folder, tokenizer, options()).fingerprint());
        }
    }

    private static TokenizingOptions options() {
        return new TokenizingOptions(1, done -> {}, () -> false);
    }
}
