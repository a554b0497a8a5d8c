package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
    @TempDir
    Path folder;

    private TinyRun tiny;

    @BeforeEach
    void train() {
        tiny = new TinyRun(folder);
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "2")).exitCode());
    }

    /** With a model large enough for bf16 to multiply what the prompt brings. */
    @Test
    void computesInThePrecisionThatWasAskedFor() throws IOException {
        tiny = new TinyRun(Files.createDirectory(folder.resolve("wide")));
        assertEquals(
                0,
                TinyRun.run(tiny.train("--epochs", "1", "--hidden-size", "256")).exitCode());
        TinyRun.Result single = generate("--precision", "fp32");
        assertEquals(0, single.exitCode(), single.err());
        assertEquals(single.out(), generate().out());
        TinyRun.Result half = generate("--precision", "bf16");
        assertEquals(0, half.exitCode(), half.err());
        assertNotEquals(single.out(), half.out(), "rounded logits draw other tokens, sooner or later");
        assertEquals(half.out(), generate("--precision", "bf16").out());
    }

    @Test
    void refusesAPrecisionThatThereIsNot() {
        TinyRun.Result result = generate("--precision", "fp8");
        assertEquals(2, result.exitCode());
        assertTrue(result.err().contains("--precision fp8"), result.err());
        TinyRun.Result onCpu = generate("--precision", "tf32", "--device", "cpu");
        assertEquals(2, onCpu.exitCode());
        assertTrue(onCpu.err().contains("--precision tf32"), onCpu.err());
    }

    @Test
    void saysThatAnOlderCheckpointAnswers() throws IOException {
        assertEquals("", generateFrom("The fox").err());
        Files.writeString(tiny.checkpoints.resolve("step-0000000010").resolve("tokenizer.json"), "{}");
        TinyRun.Result result = generateFrom("The fox");
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.err().contains("using step-0000000005"), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @Test
    void saysWhatDidNotFitIntoTheContext() {
        TinyRun.Result result = generateFrom("The fox sees the dog. The dog sees the cat. The cat hears the hare.");
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(
                result.err()
                        .strip()
                        .matches("Warning: the text did not fit into the context of 16 tokens. Its first [0-9]+ were"
                                + " left out."),
                result.err());
    }

    @Test
    void refusesAQuestionThatTheChatTemplateRefuses() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        try (Stream<Path> files = Files.list(tiny.checkpoints.resolve("step-0000000010"))) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
        Path settings = model.resolve("tokenizer_config.json");
        Files.writeString(
                settings,
                Files.readString(settings)
                        .replaceFirst("(\"chat_template\" : )\".*\"", "$1\"{{ raise_exception('Never ask.') }}\""));
        Path run = folder.resolve("tuned");
        List<String> train = List.of("train", "--no-server", "--device", "cpu", "--threads", "1", "--epochs", "1");
        List<String> flags = List.of("--from", model + "", "--data", tiny.data + "", "--checkpoints", run + "");
        assertEquals(
                0,
                TinyRun.run(Stream.concat(train.stream(), flags.stream()).toList())
                        .exitCode());
        TinyRun.Result result = TinyRun.run(List.of(
                "generate", "--device", "cpu", "--threads", "1", "--checkpoints", run.toString(), "--chat", "Who?"));
        assertEquals(2, result.exitCode(), result.err());
        assertTrue(result.err().matches("perdure: --chat: .*Never ask\\.\\s*"), result.err());
    }

    private TinyRun.Result generate(String... flags) {
        return generateFrom("The fox sees th", flags);
    }

    private TinyRun.Result generateFrom(String text, String... flags) {
        List<String> command = new ArrayList<>(List.of("generate", "--device", "cpu", "--threads", "1"));
        Collections.addAll(command, "--checkpoints", tiny.checkpoints.toString(), "--text", text);
        Collections.addAll(command, "--temperature", "1", "--tokens", "2000");
        Collections.addAll(command, flags);
        return TinyRun.run(command);
    }
}
