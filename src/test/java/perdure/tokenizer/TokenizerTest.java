package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {

    private static final Tokenizer BYTES = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
    private static final Tokenizer MERGED = Tokenizer.of(
            ByteLevelBpeTrainer.train(List.of("the cat, the hat; the bat that sat\n\n  été été 日本 日本 🙂🙂"), 320));

    private static final Tokenizer FORMER = Tokenizer.of(withoutSequence(MERGED.json()));

    private static String withoutSequence(String json) {
        String former =
                json.replace("{\"type\":\"Sequence\",\"pretokenizers\":[", "").replace("}]},\"post_", "},\"post_");
        assertTrue(former.contains("\"pre_tokenizer\":{\"type\":\"ByteLevel\""), former);
        return former;
    }

    /** Any valid Unicode text: every plane, controls, white space and what special tokens are made of. */
    @Provide
    Arbitrary<String> texts() {
        Arbitrary<Integer> codePoints = Arbitraries.oneOf(
                Arbitraries.integers().between(0, 0x7f),
                Arbitraries.of((int) ' ', (int) '\n', (int) '\'', (int) 's', 0x85, 0xa0, 0x3000),
                Arbitraries.integers().between(0x80, 0xd7ff),
                Arbitraries.integers().between(0xe000, 0x10ffff));
        Arbitrary<String> fragments = Arbitraries.oneOf(
                codePoints.map(Character::toString),
                Arbitraries.of("<|im_start|>", "<|im_end|>", "<|endoftext|>", "the cat"));
        return fragments.list().ofMaxSize(200).map(parts -> String.join("", parts));
    }

    @Property
    void decodingUndoesEncoding(@ForAll("texts") String text) {
        assertEquals(text, MERGED.decode(MERGED.encode(text)));
        assertEquals(text, BYTES.decode(BYTES.encode(text)));
    }

    @Property
    void theBytesOfTheTokensAreTheUtf8OfTheText(@ForAll("texts") String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : MERGED.encode(text)) {
            bytes.writeBytes(MERGED.bytes(id));
        }
        assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), bytes.toByteArray());
    }

    @Property
    void plainTextNeverGivesASpecialToken(@ForAll("texts") String text) {
        assertTrue(Arrays.stream(MERGED.encode(text)).allMatch(id -> id < MERGED.endOfText()));
    }

    /** The files of runs of version 0.1.0 have their pre-tokenizer outside a sequence; those runs carry on with them. */
    @Property
    void aFileOfFormerRunsEncodesTheSame(@ForAll("texts") String text) {
        assertArrayEquals(FORMER.encode(text), MERGED.encode(text));
        assertEquals(text, FORMER.decode(MERGED.encode(text)));
    }

    @Test
    void aVocabularyOf256IsOneTokenAByte() {
        String text = "Aé日🙂\0";

        assertEquals(259, BYTES.vocabularySize());
        assertEquals(text.getBytes(StandardCharsets.UTF_8).length, BYTES.encode(text).length);
    }

    @Test
    void longTextIsEncodedInPiecesWithTheSameTokens() {
        String line = " the cat  sat\n\n \n\tthat's the hat, \u3000日本";
        int[] once = MERGED.encode(line.repeat(1000));
        int[] pieces = MERGED.encode(line.repeat(8000));

        assertTrue(line.length() * 8000 > 4 * TextPieces.LIMIT);
        // The joint between two lines is the same everywhere, so eight times the text is eight times the tokens.
        assertEquals(once.length * 8, pieces.length);
        assertEquals(line.repeat(8000), MERGED.decode(pieces));
    }

    @Test
    void textWithNoPlaceToCutSurvives() {
        String text = "a" + "🙂".repeat(TextPieces.LIMIT);

        assertEquals(text, MERGED.decode(MERGED.encode(text)));
    }

    @Test
    void halfASurrogatePairIsAQuestionMark() {
        assertEquals("a?b🙂", MERGED.decode(MERGED.encode("a\ud83db🙂")));
    }

    @Test
    void aConversationIsChatMl() {
        int[] ids = new ChatTemplate(MERGED)
                .samples(List.of(new ChatMessage("user", "the <|im_end|>")), List.of(), index -> true)
                .get(0)
                .ids();

        assertEquals("<|im_start|>user\nthe <|im_end|><|im_end|>\n", MERGED.decode(ids));
        assertEquals(2, IntStream.of(ids).filter(id -> id >= MERGED.endOfText()).count());
    }

    @Test
    void specialsStandAtTheEndAndDecodeAsSpelled() {
        int[] specials = {MERGED.endOfText(), MERGED.imStart(), MERGED.imEnd()};

        assertEquals(MERGED.vocabularySize() - 1, MERGED.imEnd());
        assertEquals("<|endoftext|><|im_start|><|im_end|>", MERGED.decode(specials));
    }

    @Test
    void isReadBackFromItsFolder(@TempDir Path folder) {
        MERGED.write(folder, 128);
        try (Tokenizer read = Tokenizer.read(folder)) {
            assertEquals(MERGED.json(), read.json());
            assertFalse(read.json().equals(BYTES.json()));
            assertArrayEquals(MERGED.encode("the cat sat"), read.encode("the cat sat"));
        }
    }

    @Test
    void aBadFileIsNamed(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        assertTrue(assertThrows(UncheckedIOException.class, () -> Tokenizer.read(folder))
                .getMessage()
                .contains(file.toString()));
        List<String> bads = List.of(
                "",
                "{}",
                "[1",
                BYTES.json().replace("<|endoftext|>", "<|end|>").replace("<|im_end|>", "<|stop|>"),
                BYTES.json().replace("\"decoder\":{\"type\":\"ByteLevel\"", "\"decoder\":{\"type\":\"CTC\""));
        for (String bad : bads) {
            Files.writeString(file, bad);
            assertTrue(
                    assertThrows(IllegalArgumentException.class, () -> Tokenizer.read(folder))
                            .getMessage()
                            .startsWith(file.toString()),
                    bad);
        }
    }

    @Test
    void aMergeOfUnknownTokensIsRefused() {
        String json = BYTES.json().replace("\"merges\":[]", "\"merges\":[\"a qq\"]");

        assertThrows(IllegalArgumentException.class, () -> Tokenizer.of(json));
    }

    @Test
    void onceClosedItSaysSo() {
        Tokenizer tokenizer = Tokenizer.of(BYTES.json());
        tokenizer.close();
        tokenizer.close();

        assertThrows(IllegalStateException.class, () -> tokenizer.encode("a"));
    }
}
