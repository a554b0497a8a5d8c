package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearntTokenizerTest {

    @TempDir
    private Path folder;

    private LearntTokenizer learn(int vocabularySize) {
        return LearntTokenizer.learn(corpus(), vocabularySize, () -> false);
    }

    private Corpus corpus() {
        return Corpus.files(List.of(folder.resolve("a.txt"), folder.resolve("b.jsonl")));
    }

    private void writeText() throws IOException {
        Files.writeString(folder.resolve("a.txt"), "aaaa");
        Files.writeString(folder.resolve("b.jsonl"), "{\"messages\":[{\"role\":\"user\",\"content\":\"bbbb\"}]}");
    }

    @Test
    void isLearntFromAllText() throws IOException {
        writeText();
        LearntTokenizer learnt = learn(260);

        assertTrue(learnt.json().contains("\"a a\",\"b b\""), learnt::json);
        assertEquals(8, learnt.characters());
        assertEquals(corpus().fingerprint(() -> false), learnt.fingerprint());
        assertTrue(learn(256).json().contains("\"merges\":[]"));
        assertThrows(CancellationException.class, () -> LearntTokenizer.learn(corpus(), 260, () -> true));
    }

    @Test
    void errorsAreFoundEvenIfNothingIsToBeLearnt() throws IOException {
        writeText();
        Files.writeString(folder.resolve("b.jsonl"), "not JSON");

        assertThrows(IllegalArgumentException.class, () -> learn(256));
    }

    @Test
    void isReadAgainForTheSameTextAndSize() throws IOException {
        writeText();
        LearntTokenizer learnt = learn(260);
        learnt.write(folder);

        assertEquals(learnt, LearntTokenizer.read(folder, corpus(), 260));
        assertNull(LearntTokenizer.read(folder, corpus(), 261));
        assertNull(LearntTokenizer.read(folder.resolve("other"), corpus(), 260));
        Files.writeString(folder.resolve("a.txt"), "aaaaa");
        assertNull(LearntTokenizer.read(folder, corpus(), 260));
    }

    @Test
    void aDamagedOneIsNotUsed() throws IOException {
        writeText();
        LearntTokenizer learnt = learn(260);
        learnt.write(folder);
        Path file = folder.resolve(LearntTokenizer.FILE);
        String whole = Files.readString(file);
        for (String damaged : List.of("", "{}", "null", whole.substring(0, 90), whole.replace("b b", "b c"))) {
            Files.writeString(file, damaged);
            assertNull(LearntTokenizer.read(folder, corpus(), 260));
        }
    }
}
