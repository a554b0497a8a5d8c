package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.PretrainedFolder;
import perdure.device.LoadedNatives;
import perdure.generate.GeneratedToken;
import perdure.generate.SamplingOptions;
import perdure.generate.TokenGenerator;
import perdure.model.LanguageModel;
import perdure.tokenizer.Tokenizer;

/**
 * A model of 1 MB that others trained on stories, as they publish it, and a text of Shakespeare's. They are no part of the
 * project: without them these tests are skipped.
 */
@ExtendWith(LoadedNatives.class)
class PublishedModelIT {

    private static final Path DATA = Path.of(System.getProperty("perdure.data", "../shared/data"));
    private static final Path MODEL = DATA.resolve("stories260K");

    /** Its likeliest tokens, as its authors publish them. */
    private static final String STORY =
            "Once upon a time, there was a little girl named Lily. She loved to play outside in"
                    + " the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.";

    @TempDir
    Path folder;

    private Path text;

    @BeforeEach
    void find() throws IOException {
        assumeTrue(Files.isDirectory(MODEL), MODEL + " is not here");
        String all = Files.readString(DATA.resolve("tinyshakespeare.txt"));
        text = Files.writeString(folder.resolve("shakespeare.txt"), all.substring(0, 60_000));
    }

    private List<String> command(String verb, Path run, String... flags) {
        List<String> command = new ArrayList<>(List.of(verb, "--no-server", "--device", "cpu", "--threads", "1"));
        Collections.addAll(command, "--from", MODEL.toString(), "--data", text.toString());
        Collections.addAll(command, "--checkpoints", run.toString(), "--context", "64", "--batch-size", "8");
        Collections.addAll(command, "--learning-rate", "5e-4", "--warmup-steps", "5");
        Collections.addAll(command, flags);
        return command;
    }

    @Test
    void saysWhatItsAuthorsPublish() {
        PretrainedFolder pretrained = PretrainedFolder.open(MODEL);
        try (Tokenizer tokenizer = Tokenizer.read(MODEL);
                LanguageModel model = new LanguageModel(pretrained.config(), 0)) {
            pretrained.loadInto(model);
            model.train(false);
            int[] prompt = {1};
            List<Integer> ids = new ArrayList<>();
            try (TokenGenerator generator = new TokenGenerator(model)) {
                generator.generate(
                        prompt,
                        new int[0],
                        SamplingOptions.greedy(tokenizer.encode(STORY).length),
                        (GeneratedToken token) -> ids.add(token.id()));
            }
            assertArrayEquals(
                    tokenizer.encode(STORY),
                    ids.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    @Test
    void learnsAnotherTextAndKeepsItsTokenizer() throws IOException {
        Path run = folder.resolve("run");
        TinyRun.Result result = TinyRun.run(command("train", run, "--epochs", "2"));
        assertEquals(0, result.exitCode(), result::err);
        List<Double> losses = Pattern.compile("\"epoch_loss\":([0-9.]+)")
                .matcher(Files.readString(run.resolve("loss_history.jsonl")))
                .results()
                .map(match -> Double.valueOf(match.group(1)))
                .toList();
        assertEquals(2, losses.size());
        assertTrue(losses.get(1) < losses.get(0) - 0.1, losses::toString);
        Path saved = run.resolve(new MetaStore(run).read().checkpoint());
        assertEquals(-1, Files.mismatch(MODEL.resolve("tokenizer.json"), saved.resolve("tokenizer.json")));
    }

    @Test
    void killedItEndsWithTheSameBytes() {
        List<String> command = command("verify-resume", folder.resolve("none"), "--epochs", "2", "--kills", "2");
        Collections.addAll(command, "--kill-seed", "1", "--max-steps", "40");
        TinyRun.Result result = TinyRun.run(command);
        assertEquals(0, result.exitCode(), () -> result.out() + result.err());
        assertTrue(result.out().contains("EQUAL to the byte"), result::out);
    }
}
