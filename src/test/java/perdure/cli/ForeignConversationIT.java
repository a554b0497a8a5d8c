package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.server.SavedModel;
import perdure.tokenizer.Tokenizer;

/** A model with the tokenizer and the chat template of others learns conversations, and chats. */
class ForeignConversationIT {

    private static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "foreign");

    @TempDir
    Path folder;

    private Path model(String kind) throws IOException {
        try (Tokenizer tokenizer = Tokenizer.read(GOLDEN.resolve(kind))) {
            SavedModel.commit(Files.createDirectory(folder.resolve("base")), 3, List.of(0L), tokenizer);
        }
        return folder.resolve("base").resolve("step-0000000003");
    }

    private Path conversations(String more) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            lines.append("{\"messages\":[{\"role\":\"user\",\"content\":\"What is " + i + "?\"},"
                    + "{\"role\":\"assistant\",\"content\":\"It is " + i + ".\"}]}\n");
        }
        return Files.writeString(folder.resolve("chat.jsonl"), lines + more);
    }

    private TinyRun.Result train(Path from, Path data, String run, String... more) {
        List<String> command = new ArrayList<>(List.of("train", "--no-server", "--device", "cpu", "--threads", "1"));
        command.addAll(List.of("--from", from.toString(), "--data", data.toString()));
        command.addAll(List.of("--checkpoints", folder.resolve(run).toString(), "--context", "64"));
        command.addAll(List.of(more));
        return TinyRun.run(command);
    }

    @Test
    void learnsConversationsInItsOwnFormAndKeepsItsFiles() throws IOException {
        Path from = model("llama3");
        Path data = conversations("");
        TinyRun.Result stopped = train(from, data, "run", "--epochs", "2", "--batch-size", "4", "--max-steps", "2");
        assertEquals(0, stopped.exitCode(), stopped.err());
        TinyRun.Result done = train(from, data, "run", "--epochs", "2", "--batch-size", "4");
        assertEquals(0, done.exitCode(), done.err());
        TinyRun.Result unbroken = train(from, data, "unbroken", "--epochs", "2", "--batch-size", "4");
        assertEquals(0, unbroken.exitCode(), unbroken.err());

        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            assertArrayEquals(
                    Files.readAllBytes(GOLDEN.resolve("llama3").resolve(name)),
                    Files.readAllBytes(newest("run").resolve(name)),
                    name);
        }
        assertArrayEquals(
                Files.readAllBytes(newest("unbroken").resolve("model.safetensors")),
                Files.readAllBytes(newest("run").resolve("model.safetensors")));
        TinyRun.Result answer = TinyRun.run(List.of(
                "generate",
                "--device",
                "cpu",
                "--checkpoints",
                folder.resolve("run").toString(),
                "--chat",
                "Hi",
                "--tokens",
                "4"));
        assertEquals(0, answer.exitCode(), answer.err());
    }

    private Path newest(String run) throws IOException {
        try (var checkpoints = Files.list(folder.resolve(run))) {
            return checkpoints
                    .filter(path -> path.getFileName().toString().startsWith("step-"))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
    }

    @Test
    void aConversationThatTheTemplateRefusesIsOneLineAndNothingIsWritten() throws IOException {
        Path from = model("llama2");
        Path data = conversations("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
                + "{\"role\":\"user\",\"content\":\"b\"},{\"role\":\"assistant\",\"content\":\"c\"}]}\n");
        TinyRun.Result refused = train(from, data, "run", "--epochs", "1");
        assertEquals(2, refused.exitCode(), refused.err());
        assertEquals(1, refused.err().lines().count(), refused.err());
        assertTrue(
                refused.err().contains("chat.jsonl line 61 ") && refused.err().contains("roles must alternate"),
                refused.err());
        assertFalse(Files.exists(folder.resolve("run")));
    }
}
