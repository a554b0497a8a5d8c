package perdure.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.Restart;
import perdure.data.PreparedFolder.Sizes;
import perdure.data.Reading;
import perdure.data.Share;
import perdure.run.TrainingRun.Outcome;

/** Runs on tokens that were made before. */
class PreparedRunTest {
    @TempDir
    Path folder;

    private Path text;
    private Path rows;
    private final List<String> messages = new ArrayList<>();

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(
                folder.resolve("text.txt"), "The fox sees the dog. The dog hears the cat.\n".repeat(90));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            lines.append("{\"messages\":[{\"role\":\"user\",\"content\":\"" + "hi ".repeat(1 + i % 5)
                    + "\"},{\"role\":\"assistant\",\"content\":\"number " + i * 7 + "\"}]}\n");
        }
        rows = Files.writeString(folder.resolve("rows.jsonl"), lines);
    }

    private Preparation preparation(String out, Share share, Path from, Path... data) {
        return new Preparation(
                List.of(data),
                Reading.DEFAULT,
                folder.resolve(out),
                share,
                from,
                0,
                new Sizes(700, 1 << 20, 256),
                messages::add);
    }

    private Path prepare(String out, Path... data) {
        Preparation learning = preparation(out, null, null, data);
        new Preparation(
                        learning.data(),
                        learning.reading(),
                        learning.out(),
                        null,
                        null,
                        280,
                        learning.sizes(),
                        learning.messages())
                .learn();
        assertFalse(preparation(out, new Share(3, 3), null, data).make());
        assertFalse(preparation(out, new Share(1, 3), null, data).make());
        assertTrue(preparation(out, new Share(2, 3), null, data).make());
        assertTrue(preparation(out, new Share(2, 3), null, data).make(), "nothing is left to do");
        return folder.resolve(out);
    }

    private RunConfig config(String name, Path data) {
        return RunConfig.in(folder.resolve(name))
                .data(data)
                .epochs(2)
                .stepsPerEpoch(6)
                .device("cpu")
                .threads(1)
                .model(shape -> shape.layers(1).heads(2).hiddenSize(16).context(16))
                .optimization(optimization -> optimization.batchSize(4))
                .onMessage(messages::add);
    }

    private static Outcome train(RunConfig config) {
        try (TrainingRun run = TrainingRun.open(config)) {
            return run.train();
        }
    }

    private void assertSameRun(String one, String other) throws IOException {
        for (String file : List.of(
                "step-0000000012/model.safetensors",
                "step-0000000012/optimizer.safetensors",
                "step-0000000012/tokenizer.json",
                "step-0000000012/tokenizer_config.json",
                "step-0000000012/config.json",
                "loss_history.jsonl")) {
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve(one).resolve(file)),
                    Files.readAllBytes(folder.resolve(other).resolve(file)),
                    file);
        }
    }

    @Test
    void endsWithTheBytesOfARunOnTheText() throws IOException {
        RunConfig direct = config("direct", text).data(text, rows).model(shape -> shape.vocabularySize(280));
        assertEquals(Outcome.DONE, train(direct));
        Path prepared = prepare("tokens", text, rows);
        assertEquals(Outcome.DONE, train(config("prepared", prepared)));
        assertSameRun("direct", "prepared");
        assertFalse(Files.list(folder.resolve("prepared"))
                .anyMatch(file -> file.getFileName().toString().startsWith("tokens-")));
    }

    @Test
    void endsWithThoseBytesOfPlainTextAndWithAValidationTextToo() throws IOException {
        RunConfig direct = config("direct", text).validation(rows).model(shape -> shape.vocabularySize(280));
        assertEquals(Outcome.DONE, train(direct.validationSteps(2)));
        Path prepared = prepare("tokens", text);
        assertEquals(
                Outcome.DONE,
                train(config("prepared", prepared).validation(rows).validationSteps(2)));
        assertSameRun("direct", "prepared");
        assertTrue(preparation("held", null, prepared, rows).make());
        assertEquals(
                Outcome.DONE,
                train(config("both", prepared)
                        .validation(folder.resolve("held"))
                        .validationSteps(2)));
        assertSameRun("direct", "both");
    }

    @Test
    void remembersItsTokensByTheirManifest() throws IOException {
        Path prepared = prepare("tokens", text);
        assertEquals(Outcome.LIMIT, train(config("run", prepared).maximumSteps(3)));
        assertEquals(
                Outcome.DONE, train(RunConfig.resuming(folder.resolve("run")).onMessage(messages::add)));
        assertEquals(Outcome.DONE, train(config("whole", prepared)));
        assertSameRun("whole", "run");
        Files.writeString(text, Files.readString(text).replace("fox", "hen"));
        Path other = prepare("other", text);
        String message = assertThrows(
                        BadInputException.class,
                        () -> train(config("run", other).epochs(3)))
                .getMessage();
        assertTrue(message.contains("other/tokens.json"), message);
    }

    @Test
    void groupsOfShardsGoOnAtAnyPlaceAndNeedNoMoreThanTheirs() throws IOException {
        Path prepared = prepare("tokens", text);
        Path held = folder.resolve("held");
        assertTrue(preparation("held", null, prepared, rows).make());
        RunConfig config = config("whole", prepared).validation(held).shuffleGroup(1);
        assertEquals(Outcome.DONE, train(config));
        assertEquals(
                Outcome.LIMIT,
                train(config("run", prepared).validation(held).shuffleGroup(1).maximumSteps(4)));
        assertEquals(
                Outcome.DONE, train(RunConfig.resuming(folder.resolve("run")).onMessage(messages::add)));
        assertSameRun("whole", "run");
        assertEquals(Outcome.DONE, train(config("usual", prepared).validation(held)));
        assertThrows(AssertionError.class, () -> assertSameRun("whole", "usual"));
        String message = assertThrows(
                        BadInputException.class,
                        () -> train(config("run", prepared)
                                .validation(held)
                                .shuffleGroup(2)
                                .epochs(3)))
                .getMessage();
        assertTrue(message.contains("shuffle group was 1 and is 2 now"), message);
    }

    private static void flip(Path file, int place) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[place] ^= 1;
        Files.write(file, bytes);
    }

    @Test
    void aShardThatIsDamagedFromTheBeginningIsNamedBeforeAnythingIsWritten() throws IOException {
        Path prepared = prepare("tokens", text);
        for (int shard = 0; Files.exists(shard(prepared, shard)); shard++) {
            flip(shard(prepared, shard), 9);
        }
        RunConfig config = config("run", prepared);
        String message =
                assertThrows(BadInputException.class, () -> train(config)).getMessage();
        assertTrue(message.matches(".*ids-0000[0-9]\\.bin is damaged: its CRC-32C is .*"), message);
        assertFalse(Files.exists(config.folder().resolve("loss_history.jsonl")));
        Files.delete(shard(prepared, 1));
        message = assertThrows(BadInputException.class, () -> train(config)).getMessage();
        assertTrue(message.contains("ids-00001.bin is missing"), message);
    }

    private static Path shard(Path prepared, int number) {
        return prepared.resolve(String.format("ids-%05d.bin", number));
    }

    /** The run ends at the damage with everything saved before it, and goes on when the shard is whole again. */
    @Test
    void aShardThatIsFoundDamagedLaterEndsTheRunWithItsStateSaved() throws IOException {
        Path prepared = prepare("tokens", text);
        Path held = folder.resolve("held");
        assertTrue(preparation("held", null, prepared, rows).make());
        RunConfig whole = config("whole", prepared).validation(held).shuffleGroup(1);
        assertEquals(Outcome.DONE, train(whole));
        int ended = 0;
        for (int shard = 0; Files.exists(shard(prepared, shard)); shard++) {
            flip(shard(prepared, shard), 9);
            RunConfig config = config("run-" + shard, prepared).validation(held).shuffleGroup(1);
            try {
                assertEquals(Outcome.DONE, train(config));
                assertSameRun("whole", "run-" + shard);
            } catch (BadInputException atTheStart) {
                assertTrue(atTheStart.getMessage().contains("is damaged"), atTheStart.getMessage());
            } catch (IllegalArgumentException later) {
                assertTrue(later.getMessage().startsWith(shard(prepared, shard) + " is damaged"), later.getMessage());
                Checkpoint saved = Restart.find(config.folder()).checkpoint();
                ended++;
                assertTrue(saved != null && saved.state().position().step() > 0, "saved before the damage");
                flip(shard(prepared, shard), 9);
                assertEquals(Outcome.DONE, train(config));
                assertSameRun("whole", "run-" + shard);
                continue;
            }
            flip(shard(prepared, shard), 9);
        }
        assertTrue(ended > 0, "some shard is first read after the first step");
    }

    @Test
    void whatDoesNotFitTheTokensIsRefused() throws IOException {
        Path prepared = prepare("tokens", text);
        RunConfig other = config("run", prepared).model(shape -> shape.vocabularySize(300));
        String message =
                assertThrows(BadInputException.class, () -> train(other)).getMessage();
        assertTrue(message.startsWith("vocab size 300 is not that of the tokens in"), message);
        assertEquals(Outcome.DONE, train(config("base", text).model(shape -> shape.vocabularySize(256))));
        RunConfig tuned = RunConfig.in(folder.resolve("tuned"))
                .data(prepared)
                .from(folder.resolve("base"))
                .epochs(1);
        message = assertThrows(BadInputException.class, () -> train(tuned)).getMessage();
        assertTrue(message.contains("has tokens of another tokenizer"), message);
        assertFalse(Files.exists(folder.resolve("tuned").resolve("current.meta.json")));
        message = assertThrows(BadInputException.class, () -> preparation("tokens", null, folder.resolve("base"), text)
                        .make())
                .getMessage();
        assertTrue(message.contains("is another tokenizer than that in"), message);
        assertTrue(preparation("fitting", null, folder.resolve("base"), text).make());
        RunConfig fitting = RunConfig.in(folder.resolve("fitting-run"))
                .data(folder.resolve("fitting"))
                .from(folder.resolve("base"))
                .epochs(1)
                .stepsPerEpoch(2)
                .threads(1)
                .onMessage(messages::add);
        assertEquals(Outcome.DONE, train(fitting));
        message = assertThrows(BadInputException.class, () -> preparation("none", new Share(1, 2), null, text)
                        .make())
                .getMessage();
        assertTrue(message.contains("needs a tokenizer that all parts share"), message);
        assertFalse(Files.exists(folder.resolve("none")));
        message = assertThrows(BadInputException.class, () -> preparation("again", null, null, prepared)
                        .make())
                .getMessage();
        assertTrue(message.contains("has tokens"), message);
    }

    @Test
    void aRunPlansWithTokensToo() throws IOException {
        Path prepared = prepare("tokens", text);
        RunPlan plan = RunPlan.of(
                config("run", prepared).epochs(1),
                java.util.Set.of("epochs"),
                Files.createDirectory(folder.resolve("s")));
        assertTrue(
                plan.lines().stream().anyMatch(line -> line.startsWith("Data: ")),
                plan.lines().toString());
        assertFalse(plan.proposed().containsKey("vocab size"));
    }
}
