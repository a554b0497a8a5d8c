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
        assertTrue(message.endsWith("nothing.jsonl has no text."), message);
        Corpus letter = corpus("letter.jsonl", "{\"text\":\"a\"}\n");
        new TrainingText(training, letter, 0.1, true).requireTraining(99, null, BYTES, () -> false);
        new TrainingText(training, letter, 0.1, true).requireValidation(BYTES, () -> false);
    }

    @Test
    void canBeStopped() throws IOException {
        TrainingText text = new TrainingText(corpus("text.txt", "a".repeat(100)), null, 0.1, true);
        assertThrows(CancellationException.class, () -> text.requireTraining(8, null, BYTES, () -> true));
    }

    private static final Path FOREIGN = Path.of("src", "test", "resources", "golden", "foreign");

    private static String message(String... contents) {
        StringBuilder messages = new StringBuilder();
        for (int i = 0; i < contents.length; i++) {
            messages.append(i == 0 ? "" : ",")
                    .append("{\"role\":\"")
                    .append(i % 2 == 0 ? "user" : "assistant")
                    .append("\",\"content\":\"")
                    .append(contents[i])
                    .append("\"}");
        }
        return "{\"messages\":[" + messages + "]}\n";
    }

    private String refusal(Corpus corpus, Tokenizer tokenizer) {
        return assertThrows(IllegalArgumentException.class, () -> corpus.check(tokenizer, () -> false))
                .getMessage();
    }

    @Test
    void aConversationThatTheTemplateRefusesIsNamedByFileAndLine() throws IOException {
        Corpus corpus = corpus(
                "chat.jsonl", message("a", "b") + "{\"messages\":[{\"role\":\"assistant\",\"content\":\"first\"}]}\n");
        try (Tokenizer llama2 = Tokenizer.read(FOREIGN.resolve("llama2"));
                Tokenizer llama3 = Tokenizer.read(FOREIGN.resolve("llama3"))) {
            assertEquals(
                    folder.resolve("chat.jsonl") + " line 2 cannot be learned: The chat template refuses the"
                            + " conversation: Conversation roles must alternate user/assistant/user/assistant/...",
                    refusal(corpus, llama2));
            assertEquals(2, corpus.check(llama3, () -> false));
        }
    }

    @Test
    void aTemplateThatCannotBeFollowedOrNeverEndsOrIsMissingIsToldBeforeTraining() throws IOException {
        Corpus corpus = corpus("chat.jsonl", message("a", "b"));
        String place = folder.resolve("chat.jsonl") + " line 1 cannot be learned: ";
        for (String[] bad : new String[][] {
            {"{{ messages | length }}{% if add_generation_prompt %}x{% endif %}", "The chat template does not say what"
            },
            {"{% generation %}{{ raise_exception('no') }}{% endgeneration %}", "The chat template refuses"},
            {
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "The chat template refuses"
            },
            {"{% for %}", "The chat template of the model cannot be used: line 1: "},
            {null, "The model has no chat template: "}
        }) {
            Path model = Files.createTempDirectory(folder, "model");
            Files.copy(FOREIGN.resolve("llama3").resolve("tokenizer.json"), model.resolve("tokenizer.json"));
            Files.writeString(model.resolve("tokenizer_config.json"), "{\"eos_token\":\"<|eot_id|>\"}");
            if (bad[0] != null) {
                Files.writeString(model.resolve("chat_template.jinja"), bad[0]);
            }
            try (Tokenizer tokenizer = Tokenizer.read(model)) {
                String message = refusal(corpus, tokenizer);
                assertTrue(message.startsWith(place + bad[1]), message);
                assertEquals(1, message.lines().count(), message);
                Corpus text = corpus("plain.txt", "text alone is fine");
                assertEquals(1, text.check(tokenizer, () -> false));
            }
        }
    }

    @Test
    void aTemplateThatShowsNoAnswerLeavesNothingToLearn() throws IOException {
        Corpus corpus = corpus("chat.jsonl", message("a", "b"));
        Files.copy(FOREIGN.resolve("llama3").resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"eos_token\":\"<|eot_id|>\",\"chat_template\":\"hello\"}");
        try (Tokenizer tokenizer = Tokenizer.read(folder)) {
            assertEquals(0, corpus.check(tokenizer, () -> false));
        }
    }

    /** Calls of tools, tools and thoughts reach the template as the file has them. */
    @Test
    void whatOnlyATemplateAsksForIsPassedOn() throws IOException {
        Corpus corpus = corpus(
                "tools.jsonl",
                "{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"default\":1.0}}],\"messages\":["
                        + "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"\","
                        + "\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":2}}}]}]}\n");
        try (Tokenizer qwen = Tokenizer.read(FOREIGN.resolve("qwen"))) {
            TokenFile file = TokenFile.open(folder, corpus, qwen, TokenizingOptions.of(() -> false));
            int[] ids = new int[(int) file.size()];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = file.id(i);
            }
            assertEquals(
                    "<|im_start|>system\n# Tools\n"
                            + "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"default\": 1.0}}\n<|im_end|>\n"
                            + "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n\n<tool_call>\n"
                            + "{\"name\": \"f\", \"arguments\": {\"x\": 2}}\n</tool_call><|im_end|>\n",
                    qwen.decode(ids));
            assertEquals(1, file.documents());
        }
    }

    /** One document of many pieces is one text, and the samples of a conversation are held out together. */
    @Test
    void aLongTextBeginsOnceAndSamplesOfAConversationHaveOneHash() throws IOException {
        String text = "The small boat left. ".repeat(20_000);
        try (Tokenizer llama2 = Tokenizer.read(FOREIGN.resolve("llama2"));
                Tokenizer qwen = Tokenizer.read(FOREIGN.resolve("qwen"))) {
            TokenFile file = TokenFile.open(
                    folder.resolve("long"), corpus("long.txt", text), llama2, TokenizingOptions.of(() -> false));
            int[] whole = llama2.encode(text);
            assertEquals(whole.length + 2, file.size(), "the begin token, the text, the end token");
            for (int i = 0; i < whole.length; i++) {
                assertEquals(whole[i], file.id(i + 1));
            }
            TokenFile thoughts = TokenFile.open(
                    folder.resolve("thoughts"),
                    corpus("thoughts.jsonl", message("a", "<think>x</think>b", "c", "<think>y</think>d")),
                    qwen,
                    TokenizingOptions.of(() -> false));
            assertEquals(2, thoughts.documents());
            assertEquals(thoughts.hash(0), thoughts.hash(1));
        }
    }
}
