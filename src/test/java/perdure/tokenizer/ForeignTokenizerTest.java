package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tokenizers in the forms of published models against Hugging Face's library for Python; see scripts/golden/foreign.py. */
class ForeignTokenizerTest {

    static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "foreign");

    static final Map<String, Tokenizer> TOKENIZERS = Map.of(
            "qwen", read("qwen"), "llama3", read("llama3"), "llama2", read("llama2"), "metaspace", read("metaspace"));

    private static Tokenizer read(String kind) {
        return Tokenizer.read(GOLDEN.resolve(kind));
    }

    private static JsonNode cases(String kind) {
        return JsonMapper.shared().readTree(GOLDEN.resolve(kind).resolve("cases.json"));
    }

    static int[] ids(JsonNode ids) {
        return StreamSupport.stream(ids.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen", "llama3", "llama2", "metaspace"})
    void encodesAndDecodesAsTheirLibrary(String kind) {
        Tokenizer tokenizer = TOKENIZERS.get(kind);
        JsonNode cases = cases(kind);
        for (JsonNode example : cases.path("texts")) {
            String text = example.path("text").asString();
            int[] ids = ids(example.path("ids"));
            assertArrayEquals(ids, tokenizer.encode(text), text);
            assertEquals(example.path("decoded").asString(), tokenizer.decode(ids), text);
        }
        assertEquals(cases.path("largest").asInt() + 1, tokenizer.vocabularySize());
    }

    @Test
    void knowsTheTokensThatBeginAndEndATextAndAnAnswer() {
        Tokenizer qwen = TOKENIZERS.get("qwen");
        assertArrayEquals(new int[0], qwen.startOfText());
        assertEquals("<|endoftext|>", qwen.decode(new int[] {qwen.endOfText()}));
        assertEquals("<|endoftext|><|im_end|>", qwen.decode(qwen.endsOfAnswers()));
        Tokenizer llama3 = TOKENIZERS.get("llama3");
        assertEquals("<|begin_of_text|>", llama3.decode(llama3.startOfText()));
        assertEquals("<|end_of_text|><|eot_id|>", llama3.decode(llama3.endsOfAnswers()));
        Tokenizer llama2 = TOKENIZERS.get("llama2");
        assertEquals("<s>", llama2.decode(llama2.startOfText()));
        assertEquals("</s>", llama2.decode(llama2.endsOfAnswers()));
        assertArrayEquals(new int[0], TOKENIZERS.get("metaspace").startOfText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen", "llama3", "llama2", "metaspace"})
    void keepsItsFilesByteForByte(String kind, @TempDir Path folder) throws IOException {
        Tokenizer tokenizer = TOKENIZERS.get(kind);
        tokenizer.write(folder, 128);
        for (String name : tokenizer.files(128).keySet()) {
            assertArrayEquals(
                    Files.readAllBytes(GOLDEN.resolve(kind).resolve(name)), Files.readAllBytes(folder.resolve(name)));
        }
        assertTrue(Files.exists(folder.resolve(kind.equals("metaspace") ? "chat_template.jinja" : "tokenizer.json")));
        try (Tokenizer again = Tokenizer.read(folder)) {
            assertEquals(tokenizer.identity().keySet(), again.identity().keySet());
            assertArrayEquals(tokenizer.encode("the boat"), again.encode("the boat"));
        }
    }

    /** Words, spaces, line ends and odd characters, so long that they are cut. */
    @Provide
    Arbitrary<String> longTexts() {
        Arbitrary<String> fragments = Arbitraries.of(
                " the",
                "boat",
                " ",
                "  ",
                ".\n",
                "\n\n",
                "été",
                "e\u0301",
                "\u00a0",
                "\u3000",
                "🙂",
                "日本",
                "<|im_end|>",
                "</s>",
                "<think>",
                " 12345",
                "'s",
                "\t",
                "\u2581");
        return fragments.list().ofMinSize(3).ofMaxSize(60).map(parts -> {
            String part = String.join("", parts);
            return part.repeat(3 + 2 * TextPieces.LIMIT / part.length());
        });
    }

    @Property(tries = 6)
    void thePiecesOfALongTextHaveTheTokensOfTheWhole(@ForAll("longTexts") String text) {
        TOKENIZERS.forEach((kind, tokenizer) -> {
            List<String> pieces = new ArrayList<>();
            TextPieces.splitAtSpaces(text, pieces::add);
            assertEquals(text, String.join("", pieces));
            assertArrayEquals(tokenizer.encodeWhole(text), tokenizer.encode(text), kind);
        });
    }

    /** A document of many pieces is one text: only its beginning has what the tokenizer puts before a text. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen", "llama3", "llama2", "metaspace"})
    void aContinuedTextHasTheTokensOfTheWhole(String kind) {
        Tokenizer tokenizer = TOKENIZERS.get(kind);
        int[] joined = IntStream.concat(
                        IntStream.of(tokenizer.encode("The small boat")),
                        IntStream.of(tokenizer.encodeContinuing(" left the harbour.")))
                .toArray();
        assertArrayEquals(tokenizer.encode("The small boat left the harbour."), joined);
    }

    @Property(tries = 50)
    void theTokensOfAStreamGiveTheTextOfTheWhole(@ForAll("longTexts") String longText) {
        String text = longText.substring(0, Math.min(200, longText.length()));
        TOKENIZERS.forEach((kind, tokenizer) -> {
            int[] ids = tokenizer.encode(text);
            TokenBytes reader = tokenizer.reader(true);
            Utf8Decoder characters = Utf8Decoder.replacing();
            StringBuilder shown = new StringBuilder();
            IntStream.of(ids).forEach(id -> shown.append(characters.decode(reader.next(id))));
            assertEquals(tokenizer.decode(ids), shown + characters.end(), kind);
        });
    }

    @Test
    void aStreamShowsAddedTokensButNoSpecialOnes() {
        Tokenizer qwen = TOKENIZERS.get("qwen");
        TokenBytes reader = qwen.reader(true);
        int think = qwen.encode("<think>")[0];
        assertEquals(1, qwen.encode("<think>").length);
        assertEquals("<think>", new String(reader.next(think), StandardCharsets.UTF_8));
        assertEquals(0, reader.next(qwen.endOfText()).length);
        assertEquals(0, qwen.textLengths()[qwen.endOfText()]);
    }

    @Test
    void aTextThatGoesOnKeepsTheSpaceBeforeIt() {
        Tokenizer llama2 = TOKENIZERS.get("llama2");
        int[] word = llama2.encodeContinuing(" the");
        assertEquals(" the", new String(llama2.reader(false).next(word[0]), StandardCharsets.UTF_8));
        assertEquals("the", new String(llama2.reader(true).next(word[0]), StandardCharsets.UTF_8));
    }

    /** The ids of generation end a text only if they are ids. */
    @Test
    void onlyATokenEndsAText(@TempDir Path folder) throws IOException {
        Files.copy(GOLDEN.resolve("llama2").resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Path generation = folder.resolve("generation_config.json");
        Files.writeString(generation, "{\"eos_token_id\":[-1,99999,2]}");
        assertEquals(2, Tokenizer.read(folder).endOfText());
        Files.writeString(generation, "{\"eos_token_id\":99999}");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Tokenizer.read(folder))
                .getMessage()
                .contains("it has no token that ends a text"));
    }

    @Test
    void aKindThatCannotBeReadIsNamed(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        String good = Files.readString(GOLDEN.resolve("llama2").resolve("tokenizer.json"));
        Files.copy(GOLDEN.resolve("llama2").resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
        Map<String, String> bad = Map.of(
                good.replace("\"type\":\"BPE\"", "\"type\":\"WordPiece\""),
                "its model is \"WordPiece\"; only BPE and Unigram can be read.",
                good.replace("\"type\":\"ByteFallback\"", "\"type\":\"CTC\""),
                "its decoder \"CTC\" cannot be read.",
                good.replace("\"</s>\"", "\"<end>\""),
                "it has no token \"</s>\", which is eos_token in tokenizer_config.json.",
                good.replace("\"merges\":[", "\"merges\":[[\"a\",\"qq\"],"),
                "the tokenizers library cannot read it: ");
        for (Map.Entry<String, String> each : bad.entrySet()) {
            Files.writeString(file, each.getKey());
            String message = assertThrows(IllegalArgumentException.class, () -> Tokenizer.read(folder))
                    .getMessage();
            assertTrue(message.startsWith(file + ": " + each.getValue()), message);
            assertEquals(1, message.lines().count());
        }
        Files.writeString(file, good);
        Path template = folder.resolve("chat_template.jinja");
        Files.write(template, "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(
                template + " is not UTF-8 text.",
                assertThrows(IllegalArgumentException.class, () -> Tokenizer.read(folder))
                        .getMessage());
        Files.delete(template);
        Files.createSymbolicLink(template, folder.resolve("nothing")); // as in a cache whose files are not all there
        assertTrue(assertThrows(UncheckedIOException.class, () -> Tokenizer.read(folder))
                .getMessage()
                .contains("chat_template.jinja"));
        Files.delete(template);
        for (String[] wrong : new String[][] {
            {"{", "it ends too early (line 1, column 2)"}, {"{\"a\":NaN}", "Non-standard token 'NaN' ("}
        }) {
            Files.writeString(folder.resolve("tokenizer_config.json"), wrong[0]);
            String message = assertThrows(IllegalArgumentException.class, () -> Tokenizer.read(folder))
                    .getMessage();
            assertTrue(message.contains("tokenizer_config.json: not JSON: " + wrong[1]), message);
        }
    }
}
