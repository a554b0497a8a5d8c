package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code tokenize}, and {@code train} on what it made. */
class TokenizeTest extends TinyRunTest {

    private List<String> tokenize(String... flags) {
        List<String> command = new ArrayList<>(List.of("tokenize", "--data", tiny.data.toString()));
        Collections.addAll(command, "--out", out().toString(), "--vocab-size", "256", "--shard-tokens", "512");
        Collections.addAll(command, flags);
        return command;
    }

    private Path out() {
        return folder.resolve("tokens");
    }

    private static List<String> train(TinyRun run, Path... data) {
        List<String> command = new ArrayList<>(run.train("--epochs", "1"));
        int place = command.indexOf("--data");
        command.remove(place + 1);
        for (Path path : data) {
            command.add(place + 1, path.toString());
        }
        return command;
    }

    private static void refused(List<String> command, String... named) {
        TinyRun.Result result = TinyRun.run(command);
        assertEquals(2, result.exitCode(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        for (String word : named) {
            assertTrue(result.err().contains(word), result.err());
        }
    }

    @Test
    void partsSayWhatIsMissingAndTheLastOneFinishes() throws IOException {
        refused(tokenize("--part", "1/2"), "--part 1/2 needs a tokenizer that all parts share", "(--tokenizer-only)");
        assertFalse(Files.exists(out()));
        assertEquals(0, TinyRun.run(tokenize("--tokenizer-only")).exitCode());
        refused(List.of("train", "--epochs", "1", "--data", out().toString()), "--data", "are not finished");
        assertEquals(
                "Part 2/2 is finished. Missing: 1.",
                TinyRun.run(tokenize("--part", "2/2")).out().strip());
        refused(tokenize("--part", "2/3"), "--out", "begun in 2 parts and not in 3");
        refused(tokenize("--part", "1/2", "--shard-tokens", "1024"), "--shard-tokens 1024 is not 512, with which");
        String told = TinyRun.run(tokenize("--part", "1/2")).out();
        assertTrue(told.contains("Finished. Train on the tokens: scripts/train --data " + out()), told);
        assertEquals(0, TinyRun.run(tokenize()).exitCode(), "it is finished for any number of parts");
    }

    @Test
    void trainsToTheBytesOfARunOnTheText() throws IOException {
        assertEquals(0, TinyRun.run(tokenize()).exitCode());
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "1")).exitCode());
        byte[][] direct = tiny.weightsAndMoments();
        TinyRun other = new TinyRun(Files.createDirectory(folder.resolve("other")));
        TinyRun.Result result = TinyRun.run(train(other, out()));
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(Arrays.deepEquals(direct, other.weightsAndMoments()));
    }

    @Test
    void tokensOfWhichAFileIsLostAreMadeAgain() throws IOException {
        assertEquals(0, TinyRun.run(tokenize()).exitCode());
        Path shard = out().resolve("ids-00000.bin");
        byte[] good = Files.readAllBytes(shard);
        Files.write(shard, Arrays.copyOf(good, good.length - 2));
        refused(train(tiny, out()), "--data", "ids-00000.bin has " + (good.length - 2) + " bytes");
        assertEquals(0, TinyRun.run(tokenize()).exitCode());
        assertArrayEquals(good, Files.readAllBytes(shard));
        Files.delete(shard);
        assertEquals(0, TinyRun.run(tokenize()).exitCode());
        assertArrayEquals(good, Files.readAllBytes(shard));
        assertEquals(0, TinyRun.run(train(tiny, out())).exitCode());
    }

    /** Where nothing was before, nothing is left; where parts are, they stay. */
    @Test
    void textThatCannotBeUsedIsNamedAndLeavesNothingNew() throws IOException {
        assertEquals(0, TinyRun.run(tokenize()).exitCode());
        Path rows = Files.writeString(folder.resolve("rows.jsonl"), "{\"text\":\"good\"}\n{bad\n");
        List<String> command = List.of(
                "tokenize",
                "--data",
                rows.toString(),
                "--from",
                out().toString(),
                "--out",
                folder.resolve("new").toString());
        refused(command, "--data", "rows.jsonl line 2 is not JSON", "(--skip-invalid)");
        assertFalse(Files.exists(folder.resolve("new")));
        List<String> skipping = new ArrayList<>(command);
        skipping.add("--skip-invalid");
        TinyRun.Result result = TinyRun.run(skipping);
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("Left out: 1 invalid row"), result.out());
        TinyRun.Result trained = TinyRun.run(train(tiny, folder.resolve("new")));
        assertEquals(2, trained.exitCode(), "so little text is no context");
        assertTrue(trained.err().contains("--context 16 is longer than the data"), trained.err());
    }

    @Test
    void badInputIsOneLine() throws IOException {
        refused(tokenize("--part", "3/2"), "--part 3/2");
        refused(tokenize("--part", "0/2"), "--part 0/2");
        refused(tokenize("--part", "half"), "--part half");
        refused(tokenize("--shard-tokens", "1000"), "--shard-tokens 1000");
        refused(tokenize("--vocab-size", "9"), "--vocab-size 9");
        refused(tokenize("--encoding", "UTF-99"), "--encoding UTF-99");
        refused(tokenize("--data", folder.resolve("no.txt").toString()), "--data", "no.txt does not exist");
        refused(tokenize("--from", folder.toString()), "--from", "--vocab-size");
        Path model = Files.createDirectory(folder.resolve("model"));
        refused(
                List.of(
                        "tokenize",
                        "--data",
                        tiny.data.toString(),
                        "--from",
                        model.toString(),
                        "--out",
                        folder.resolve("of-model").toString()),
                "--from",
                "tokenizer.json: no such file or folder");
        refused(tokenize("--out", tiny.data.toString()), "--out " + tiny.data + " is not a folder");
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.writeString(data.resolve("a.txt"), "text");
        refused(
                tokenize("--data", data.toString(), "--out", data.resolve("out").toString()),
                "--out",
                "is inside the data in");
        assertFalse(Files.exists(out()));
        assertEquals(0, TinyRun.run(tokenize()).exitCode());
        refused(tokenize("--vocab-size", "300"), "--vocab-size 300 is not that of the tokenizer in");
        List<String> larger = new ArrayList<>(train(tiny, out()));
        Collections.addAll(larger, "--vocab-size", "300");
        refused(larger, "--vocab-size 300 is not that of the tokens in");
        refused(train(tiny, out(), tiny.data), "--data", "cannot be put together");
        List<String> encoded = new ArrayList<>(train(tiny, out()));
        Collections.addAll(encoded, "--encoding", "latin1");
        refused(encoded, "--data", "how their text is read");
        Files.delete(out().resolve("ids-00001.bin"));
        refused(train(tiny, out()), "--data", "ids-00001.bin is missing");
        assertFalse(Files.exists(tiny.checkpoints));
    }
}
