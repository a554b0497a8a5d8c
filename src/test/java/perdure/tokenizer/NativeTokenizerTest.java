package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeTokenizerTest {

    private static final Vocabulary VOCABULARY = new Vocabulary(ByteLevelBpeTrainer.train(
            List.of("The cat's hat isn't the hat that they'll have, is it? They've 12 or 123 of them.\n\n  So there!"),
            290));

    private static final List<String> SPECIALS =
            List.copyOf(VOCABULARY.addedTokens().values());

    @Property
    void tokensOfKnownWordsAreThoseOfTheWholeText(@ForAll("texts") String text) {
        try (NativeTokenizer library = new NativeTokenizer(VOCABULARY.json());
                NativeTokenizer words = new NativeTokenizer(VOCABULARY.json(), RenderedText.finder(SPECIALS))) {
            NativeTokenizer.Spans expected = library.encode(List.of(text), true);
            for (int time = 0; time < 2; time++) { // asked, then known
                NativeTokenizer.Spans actual = words.encode(List.of(text), true);
                assertArrayEquals(expected.ids(), actual.ids());
                assertArrayEquals(expected.from(), actual.from());
                assertArrayEquals(expected.to(), actual.to());
                assertArrayEquals(expected.ids(), words.encode(text, false));
            }
        }
    }

    /** A process that loads a file which another one writes is ended by a signal. */
    @Test
    void waitsWhileAnotherProcessUnpacks(@TempDir Path cache) throws Exception {
        Process child;
        try (FileChannel channel = FileChannel.open(
                cache.resolve(NativeTokenizer.LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.lock();
            child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Dorg.bytedeco.javacpp.cachedir=" + cache,
                            "-cp",
                            System.getProperty("java.class.path"),
                            Loading.class.getName())
                    .inheritIO()
                    .start();
            assertFalse(child.waitFor(5, TimeUnit.SECONDS));
        }
        assertTrue(child.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, child.exitValue());
    }

    /** Loads the library. */
    static final class Loading {
        private Loading() {}

        public static void main(String[] arguments) {
            new NativeTokenizer(VOCABULARY.json()).close();
        }
    }

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> ascii =
                Arbitraries.strings().withCharRange('\0', '\u007f').ofMaxLength(12);
        Arbitrary<String> words = Arbitraries.of(
                "The", " cat", "'s", " they'll", " 12", "  ", "\n", "\t", " so", "!?", "'", " '", "\u001c", "\r\n");
        Arbitrary<String> others = Arbitraries.of(" für", "\u00a0", "日本", "\ud83d\ude00", "\u2028");
        return Arbitraries.oneOf(ascii, words, words, others, Arbitraries.of(SPECIALS))
                .list()
                .ofMaxSize(12)
                .map(parts -> parts.stream().collect(Collectors.joining()));
    }
}
