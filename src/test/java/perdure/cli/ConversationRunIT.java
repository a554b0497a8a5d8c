package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations share rows, the assistant's words alone are learned, and a stopped run ends with the same bytes. */
class ConversationRunIT {

    @TempDir
    Path folder;

    private Path conversations() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 150; i++) {
            String question = "{\"role\":\"user\",\"content\":\"What is " + i + "?\"}";
            String answer = "{\"role\":\"assistant\",\"content\":\"" + "more ".repeat(i % 9) + (i + 1) + ".\"}";
            lines.append("{\"messages\":[" + question + "," + answer + "]}\n");
        }
        return Files.writeString(folder.resolve("chat.jsonl"), lines);
    }

    private TinyRun run(String name) throws IOException {
        return new TinyRun(Files.createDirectory(folder.resolve(name)));
    }

    private void train(TinyRun run, Path data, String... more) throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(List.of("--data", data.toString(), "--context", "48", "--dropout", "0.1"));
        Collections.addAll(flags, more);
        List<String> command = run.train(flags.toArray(String[]::new));
        command.removeAll(List.of("--steps-per-epoch", "5")); // an epoch is the whole data
        assertEquals(0, TinyRun.await(run.start(command)), Files.readString(run.log()));
    }

    @Test
    void aStoppedRunEndsWithTheSameBytes() throws IOException, InterruptedException {
        Path data = conversations();
        TinyRun unbroken = run("unbroken");
        train(unbroken, data, "--epochs", "2");
        TinyRun broken = run("broken");
        train(broken, data, "--epochs", "2", "--max-steps", "6");
        train(broken, data, "--epochs", "2");

        assertArrayEquals(unbroken.weightsAndMoments(), broken.weightsAndMoments());
        assertEquals(
                Files.readString(unbroken.checkpoints.resolve("loss_history.jsonl")),
                Files.readString(broken.checkpoints.resolve("loss_history.jsonl")));
        String state = Files.readString(broken.newest().resolve("trainer_state.json"));
        assertTrue(state.contains("\"pack\" : \"documents\"") && state.contains("\"loss\" : \"assistant\""), state);
        assertTrue(Files.readString(broken.log()).contains(" count) in "), Files.readString(broken.log()));
    }

    @Test
    void plainTextKeepsWindowsUnlessAsked() throws IOException, InterruptedException {
        TinyRun windows = run("windows");
        train(windows, windows.data, "--epochs", "1", "--max-steps", "2");
        assertTrue(
                Files.readString(windows.newest().resolve("trainer_state.json")).contains("\"pack\" : \"none\""));

        TinyRun packs = run("packs");
        train(
                packs,
                packs.data,
                "--epochs",
                "1",
                "--max-steps",
                "2",
                "--pack",
                "documents",
                "--document-separator",
                "\n");
        assertTrue(
                Files.readString(packs.newest().resolve("trainer_state.json")).contains("\"pack\" : \"documents\""));
    }
}
