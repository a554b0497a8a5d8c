package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanCommandTest extends TinyRunTest {
    private TinyRun.Result plan(String... flags) {
        List<String> command =
                new ArrayList<>(List.of("plan", "--checkpoints", tiny.checkpoints.toString(), "--threads", "1"));
        command.addAll(List.of(flags));
        return TinyRun.run(command);
    }

    private static String line(TinyRun.Result result, String start) {
        return result.out()
                .lines()
                .filter(each -> each.startsWith(start))
                .findFirst()
                .orElseThrow(() -> new AssertionError(result.out() + result.err()));
    }

    @Test
    void proposesACommandThatTrainsAndWritesNothing() throws IOException {
        TinyRun.Result plan = plan("--data", tiny.data.toString(), "--hidden-size", "16", "--device", "cpu");
        assertEquals(0, plan.exitCode(), plan.err());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(tiny.data), files.toList());
        }
        assertTrue(line(plan, "Data: ").contains(" training tokens in one document"), plan.out());
        assertTrue(line(plan, "Model: ").matches(".* parameters on cpu .* of memory at its peak .*"), plan.out());
        assertTrue(line(plan, "Time: about ").contains(" evaluation"), plan.out());
        String proposed = line(plan, "Proposed: ");
        for (String flag : List.of("--vocab-size 512", "--layers", "--heads", "--epochs 16", "--learning-rate")) {
            assertTrue(proposed.contains(flag), proposed);
        }
        assertFalse(proposed.contains("--hidden-size"), proposed);

        String train = line(plan, "Train it: ");
        List<String> command = new ArrayList<>(
                Arrays.asList(train.substring(train.indexOf(" train ") + 1).split(" ")));
        command.addAll(List.of("--no-server", "--max-steps", "2"));
        TinyRun.Result trained = TinyRun.run(command);
        assertEquals(0, trained.exitCode(), trained.err());
        assertEquals(line(plan, "Data: "), line(trained, "Data: "));
        String model = line(plan, "Model: ");
        assertTrue(line(trained, "Model: ").startsWith(model.substring(0, model.indexOf(';'))), trained.out());
    }

    @Test
    void warnsOfWhatIsLikelyToGoWrong() throws IOException {
        Path chats = Files.writeString(
                folder.resolve("chats.jsonl"),
                "{\"prompt\": \"Who?\", \"completion\": \"The fox.\"}\n".repeat(30)
                        + "{\"prompt\": \"Who?\", \"completion\": \"" + "The hare. ".repeat(20) + "\"}\n");
        TinyRun.Result plan = plan(
                "--data",
                chats.toString(),
                "--validation-fraction",
                "0.01",
                "--vocab-size",
                "256",
                "--context",
                "64",
                "--layers",
                "8",
                "--heads",
                "1",
                "--hidden-size",
                "32",
                "--batch-size",
                "2",
                "--epochs",
                "60",
                "--max-time",
                "1s");
        assertEquals(0, plan.exitCode(), plan.err());
        String cut = plan.out();
        assertTrue(cut.contains("Warning: 1 of 30 documents is longer than the context of 64 tokens and is cut"), cut);
        assertTrue(cut.contains("for each of "), cut);
        assertTrue(cut.contains("Warning: 60 epochs read the same text"), cut);
        assertTrue(cut.contains("Warning: the run takes longer than its maximum time"), cut);
    }

    @Test
    void saysThatAFolderHasARunAlready() {
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "1")).exitCode());
        TinyRun.Result plan = plan("--data", tiny.data.toString(), "--layers", "1", "--hidden-size", "16");
        assertTrue(plan.out().contains(tiny.checkpoints + " has a run already"), plan.out());
    }

    @Test
    void plansToFineTuneAModel() throws IOException {
        assertEquals(
                0, TinyRun.run(tiny.train("--epochs", "1", "--context", "64")).exitCode());
        Path chats = Files.writeString(
                folder.resolve("chats.jsonl"),
                "{\"prompt\": \"Who?\", \"completion\": \"The fox.\"}\n".repeat(40)
                        + "{\"prompt\": \"Who?\", \"completion\": \"A longer answer than the others.\"}\n".repeat(40));
        TinyRun.Result plan = TinyRun.run(List.of(
                "plan",
                "--data",
                chats.toString(),
                "--from",
                tiny.checkpoints.toString(),
                "--checkpoints",
                folder.resolve("tuned").toString(),
                "--context",
                "48"));
        assertEquals(0, plan.exitCode(), plan.err());
        assertTrue(
                line(plan, "Proposed: ").matches("Proposed: --epochs 3 --batch-size [12] --grad-accum 1 .*"),
                plan.out());
        assertTrue(line(plan, "Proposed: ").contains(" --learning-rate 0.00002 "), plan.out());
        assertTrue(plan.out().contains(" are longer than the context of 48 tokens and are cut"), plan.out());
        assertFalse(plan.out().contains("has a run already"), plan.out());
        assertFalse(plan.out().contains("by heart"), plan.out());
    }

    @Test
    void refusesConversationsThatTheTemplateOfTheModelRefuses() throws IOException {
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "1")).exitCode());
        Path config = tiny.newest().resolve("tokenizer_config.json");
        Files.writeString(tiny.newest().resolve("chat_template.jinja"), "{{ raise_exception('No talk.') }}");
        Files.writeString(config, Files.readString(config).replaceAll("\"chat_template\"", "\"former\""));
        Path base = folder.resolve("base");
        Files.move(tiny.newest(), base);
        Path chats = Files.writeString(
                folder.resolve("chats.jsonl"), "{\"prompt\": \"Who?\", \"completion\": \"The fox.\"}\n".repeat(30));
        TinyRun.Result plan = TinyRun.run(List.of(
                "plan",
                "--data",
                chats.toString(),
                "--from",
                base.toString(),
                "--checkpoints",
                folder.resolve("tuned").toString()));
        assertEquals(2, plan.exitCode(), plan.out());
        assertEquals(1, plan.err().lines().count(), plan.err());
        assertTrue(plan.err().contains("chats.jsonl") && plan.err().contains("No talk."), plan.err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--epochs 1",
                "--data nowhere.txt",
                "--data %s --resume-from step-4",
                "--data %s --branch other",
                "--data %s --hidden-size 0",
                "--data %s --context 100000",
                "--data %s --epochs 0"
            })
    void refusesBadInputInOneLine(String flags) throws IOException {
        TinyRun.Result result = plan(flags.formatted(tiny.data).split(" "));
        assertEquals(2, result.exitCode(), result.out());
        assertEquals(1, result.err().lines().count(), result.err());
        assertEquals("", result.out());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(tiny.data), files.toList());
        }
    }
}
