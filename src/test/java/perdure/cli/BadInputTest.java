package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad input gets one line that names flag or file and value, and exit code 2; nothing is written or changed. */
class BadInputTest extends TinyRunTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --epochs|0
                    --epochs|-1
                    --epochs|ten
                    --layers|0
                    --layers|2147483647
                    --hidden-size|17
                    --hidden-size|1000000
                    --hidden-size|2147483646
                    --intermediate-size|2147483647
                    --heads|3
                    --kv-heads|3
                    --vocab-size|100
                    --batch-size|0
                    --grad-accum|-2
                    --learning-rate|0
                    --min-learning-rate|2
                    --warmup-steps|-1
                    --schedule|linear
                    --weight-decay|-1
                    --beta1|1
                    --beta2|NaN
                    --grad-clip|-1
                    --dropout|1.5
                    --steps-per-epoch|0
                    --max-steps|0
                    --checkpoint-every|soon
                    --checkpoint-every|999999999h
                    --keep|1
                    --keep-every|-1
                    --validate-every|-1
                    --validation-steps|-1
                    --patience|-1
                    --device|tpu
                    --precision|fp8
                    --precision|tf32
                    --threads|0
                    --threads|1000000
                    --native-config|/no/such/file.properties
                    --validation-fraction|1
                    --validation-fraction|NaN
                    --validation-fraction|1.0E-5
                    --context|20000
                    --context|2147483647
                    --port|99999
                    --shuffle-group|-1
                    --shuffle-group|1.5
                    --encoding|UTF-99
                    """)
    void namesTheFlagAndTheValue(String flag, String value) throws IOException {
        refused(tiny.train("--epochs", "1", flag, value), flag, value);
    }

    @Test
    void groupsOfShardsOfDocumentsThatShareRows() throws IOException {
        refused(tiny.train("--epochs", "1", "--shuffle-group", "2", "--pack", "documents"), "--shuffle-group", "2");
    }

    @Test
    void anUnknownFlag() throws IOException {
        refused(tiny.train("--epochs", "1", "--speed", "9"), "--speed");
    }

    @Test
    void noEpochs() throws IOException {
        refused(tiny.train(), "--epochs");
    }

    @Test
    void missingData() throws IOException {
        refused(tiny.train("--epochs", "1", "--data", "/no/such/file.txt"), "--data", "/no/such/file.txt");
    }

    /** Nothing is written to the working directory, which an empty path would be. */
    @ParameterizedTest
    @ValueSource(strings = {"--checkpoints", "--data", "--validation", "--from", "--branch", "--native-config"})
    void anEmptyPath(String flag) throws IOException {
        refused(tiny.train("--epochs", "1", flag, ""), flag, "the path is empty");
    }

    @ParameterizedTest
    @CsvSource({
        "--threads, x, a whole number",
        "--epochs, 1.5, a whole number",
        "--port, 99999999999, is too large",
        "--seed, 1e3, a whole number",
        "--learning-rate, fast, a number"
    })
    void noNumber(String flag, String value, String what) throws IOException {
        refused(tiny.train("--epochs", "1", flag, value), flag, "'" + value + "' is not ", what);
    }

    @Test
    void emptyData() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.txt"));
        refused(tiny.train("--epochs", "1", "--data", empty.toString()), "--data", "empty.txt");
    }

    @Test
    void binaryData() throws IOException {
        Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {'a', 0, 'b', (byte) 0xff});
        refused(tiny.train("--epochs", "1", "--data", binary.toString()), "--data", "binary.txt");
    }

    @Test
    void jsonLinesThatAreNot() throws IOException {
        Path lines = Files.writeString(folder.resolve("lines.jsonl"), "{\"text\":\"fine\"}\n{oops\n");
        refused(tiny.train("--epochs", "1", "--data", lines.toString()), "lines.jsonl", "line 2");
    }

    @Test
    void whatAnotherSettingWouldAllow() throws IOException {
        Path lines = Files.writeString(folder.resolve("lines.jsonl"), "{oops\n");
        refused(tiny.train("--epochs", "1", "--data", lines.toString()), "can be skipped (--skip-invalid)");
        Path text = Files.write(
                folder.resolve("latin.txt"), "caf\u00e9 \u00e0 la carte".getBytes(StandardCharsets.ISO_8859_1));
        refused(tiny.train("--epochs", "1", "--data", text.toString()), "looks like ISO-8859-1", "(--encoding)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n\n", "{\"text\":\"\"}\n"})
    void validationTextWithNothingToPredict(String lines) throws IOException {
        Path file = Files.writeString(folder.resolve("nothing.jsonl"), lines);
        refused(tiny.train("--epochs", "1", "--validation", file.toString()), "--validation");
    }

    @Test
    void aMetaFileThatIsAFolder() throws IOException {
        Files.createDirectories(tiny.checkpoints.resolve("current.meta.json"));
        refused(tiny.train("--epochs", "9"), "current.meta.json");
    }

    /** A run folder that has told of epochs, but holds no weights. */
    @Test
    void dataThatAreBadWhereWeightsStartFresh() throws IOException {
        Files.createDirectories(tiny.checkpoints);
        Files.writeString(tiny.checkpoints.resolve("current.meta.json"), "{\"last_epoch\":3}");
        Path lines = Files.writeString(folder.resolve("lines.jsonl"), "{oops\n");
        refused(tiny.train("--epochs", "9", "--data", lines.toString()), "lines.jsonl", "line 1");
    }

    @Test
    void aRunFolderThatIsAFile() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        refused(tiny.train("--epochs", "1", "--checkpoints", file.toString()), "--checkpoints", file.toString());
        refused(tiny.train("--epochs", "1", "--checkpoints", file + "/below"), "--checkpoints", file + "/below");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "not json",
                "[3]",
                "{\"last_epoch\":-2}",
                "{\"last_epoch\":99999999999}",
                "{\"last_epoch\":\"three\"}",
                "{\"last_epoch\":1.5}"
            })
    void aMetaFileThatMakesNoSense(String content) throws IOException {
        Files.createDirectories(tiny.checkpoints);
        Files.writeString(tiny.checkpoints.resolve("current.meta.json"), content);
        refused(tiny.train("--epochs", "9"), "current.meta.json");
    }

    @ParameterizedTest
    @CsvSource({
        "--layers, 2",
        "--hidden-size, 32",
        "--context, 8",
        "--kv-heads, 1",
        "--batch-size, 8",
        "--seed, 4",
        "--vocab-size, 257"
    })
    void aRunThatWasMadeOtherwise(String flag, String value) throws IOException {
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "1")).exitCode());
        refused(tiny.train("--epochs", "2", flag, value), flag, value);
    }

    @Test
    void otherData() throws IOException {
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "1")).exitCode());
        Files.writeString(tiny.data, "The end.\n", StandardOpenOption.APPEND);
        refused(tiny.train("--epochs", "2"), "data");
    }

    @Test
    void noCuda() throws IOException {
        refused(tiny.train("--epochs", "1", "--device", "cuda"), "--device cuda", "-Pcuda");
    }

    @Test
    void aBusyPort() throws IOException {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<String> command = tiny.train("--epochs", "1", "--port", "" + busy.getLocalPort());
            command.remove("--no-server");
            refused(command, "--port", "" + busy.getLocalPort());
        }
    }

    @Test
    void aRunFolderInUse() throws IOException, InterruptedException {
        Process trainer = tiny.start(tiny.train("--epochs", "100000", "--steps-per-epoch", "100"));
        try {
            while (!Files.exists(tiny.checkpoints.resolve("loss_history.jsonl"))) {
                assertTrue(trainer.isAlive(), () -> "the trainer ended early");
                Thread.sleep(20);
            }
            TinyRun.Result second = TinyRun.run(tiny.train("--epochs", "1"));
            assertEquals(2, second.exitCode());
            assertTrue(second.err().contains("process " + trainer.pid()), second.err());
        } finally {
            trainer.destroyForcibly().waitFor();
        }
    }

    @Test
    void whatAModelCannotBeAskedFor() throws IOException {
        Files.createDirectories(tiny.checkpoints);
        for (String[] flag : new String[][] {{"--tokens", "0"}, {"--temperature", "-1.0"}, {"--device", "tpu"}}) {
            List<String> command = List.of("generate", "--chat", "Hi", "--checkpoints", tiny.checkpoints.toString());
            assertEquals(0, TinyRun.run(tiny.train("--epochs", "1")).exitCode());
            refused(Stream.concat(command.stream(), Stream.of(flag)).toList(), flag);
        }
    }

    @Test
    void aMetaFileThatMakesNoSenseIsNotServed() throws IOException {
        Files.createDirectories(tiny.checkpoints);
        Files.writeString(tiny.checkpoints.resolve("current.meta.json"), "[3]");
        refused(List.of("serve", "--checkpoints", tiny.checkpoints.toString(), "--port", "0"), "current.meta.json");
        refused(List.of("generate", "--chat", "Hi", "--checkpoints", tiny.checkpoints.toString()), "current.meta.json");
    }

    @Test
    void nativeSettingsThatAreNone() throws IOException {
        Path file = Files.writeString(folder.resolve("native.properties"), "blas = fast\n");
        refused(tiny.train("--epochs", "1", "--native-config", file.toString()), "native.properties", "fast");
    }

    @Test
    void measuresNothingElseThanWasAskedFor() throws IOException {
        refused(List.of("bench", "--quick", "--saves", "--precision", "bf16"), "--precision", "bf16");
        refused(List.of("bench", "--quick", "--precision", "tf32"), "--precision", "tf32");
        refused(List.of("bench", "--quick", "--device", "cuda"), "--device", "cuda");
        refused(List.of("bench", "--quick", "--device", "cuda", "--saves"), "--device", "cuda");
        refused(List.of("bench", "--quick", "--recipe", "d"), "--recipe", "d");
        refused(List.of("bench", "--quick", "--ranks", "3"), "--ranks", "3");
        refused(List.of("bench", "--quick", "--ranks", "2", "--threads", "2"), "--ranks", "--threads");
        refused(List.of("bench", "--quick", "--ranks", "2", "--saves"), "--ranks", "2");
    }

    @Test
    @Timeout(180)
    void servesNoFolderThatIsNotThere() throws IOException {
        String mistyped = folder.resolve("chekpoints").toString();
        refused(List.of("serve", "--port", "0", "--checkpoints", mistyped), "--checkpoints", mistyped);
        String file = tiny.data.toString();
        refused(List.of("serve", "--port", "0", "--checkpoints", file), "--checkpoints", file);
    }

    @Test
    @Timeout(180)
    void namesTheModelAliasThatIsNoName() throws IOException {
        refused(tiny.train("--epochs", "1", "--model-alias", "two words"), "--model-alias 'two words'");
    }

    private void refused(List<String> command, String... named) throws IOException {
        Map<String, String> before = contents();
        TinyRun.Result result = TinyRun.run(command);
        assertEquals(2, result.exitCode(), result.out() + result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        for (String name : named) {
            assertTrue(result.err().contains(name), () -> result.err() + " does not name " + name);
        }
        assertEquals(before, contents());
    }

    /** Every file below the folder with what is in it; the lock's content comes and goes. */
    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.toList()) {
                boolean file = Files.isRegularFile(path) && !path.endsWith("run.lock");
                contents.put(path.toString(), file ? "" + Arrays.hashCode(Files.readAllBytes(path)) : "");
            }
        }
        return contents;
    }

    @Test
    void conversationsWithoutAnAnswer() throws IOException {
        Path data = Files.writeString(
                folder.resolve("questions.jsonl"),
                "{\"messages\":[{\"role\":\"user\",\"content\":\"Is anyone there?\"}]}\n".repeat(40));
        refused(trainOn(data), "--data", "no assistant says anything");
        List<String> all = trainOn(data);
        all.addAll(List.of("--loss", "all"));
        assertEquals(0, TinyRun.run(all).exitCode());
    }

    /** That is bad input, not a failure; a link that leads to nothing too. */
    @Test
    void aModelFolderThatLacksAFile() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Path golden = Path.of("src", "test", "resources", "golden", "pretrained", "linear");
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(golden.resolve(name), model.resolve(name));
        }
        List<String> train = trainFrom(model);
        refused(train, "--from", "tokenizer.json: no such file or folder");
        Files.delete(model.resolve("model.safetensors"));
        Files.createSymbolicLink(model.resolve("model.safetensors"), model.resolve("nothing"));
        refused(train, "--from", "model.safetensors: the link leads to ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json"})
    void aFolderInPlaceOfAFileOfAModel(String name) throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Path golden = Path.of("src", "test", "resources", "golden", "pretrained", "linear");
        Files.createDirectory(model.resolve(name));
        for (String other : List.of("config.json", "model.safetensors")) {
            if (!name.startsWith(other)) {
                Files.copy(golden.resolve(other), model.resolve(other));
            }
        }
        refused(trainFrom(model), "--from", name + (name.contains("tokenizer") ? " is a folder." : ": is a folder"));
    }

    /** Nobody waits for a pipe that may never say anything. */
    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json"})
    @Timeout(60)
    void aPipeInPlaceOfAFileOfAModel(String name) throws Exception {
        Path model = Files.createDirectory(folder.resolve("model"));
        Path golden = Path.of("src", "test", "resources", "golden", "pretrained", "linear");
        pipe(model.resolve(name));
        for (String other : List.of("config.json", "model.safetensors")) {
            if (!name.startsWith(other)) {
                Files.copy(golden.resolve(other), model.resolve(other));
            }
        }
        refused(trainFrom(model), "--from", name, " is not a regular file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "current.meta.json",
                "loss_history.jsonl",
                "training_log.jsonl",
                "training_status.json",
                "run.lock",
                "learnt-tokenizer.json"
            })
    @Timeout(60)
    void aPipeOrAFolderInPlaceOfAFileOfTheRun(String name) throws Exception {
        Path place = Files.createDirectory(tiny.checkpoints).resolve(name);
        pipe(place);
        refused(tiny.train("--epochs", "1"), name + ": is not a regular file.");
        Files.delete(place);
        Files.createDirectory(place);
        refused(tiny.train("--epochs", "1"), name + ": is a folder.");
    }

    @Test
    void aLinkThatLeadsNowhereInPlaceOfTheRunFolder() throws IOException {
        Files.createSymbolicLink(tiny.checkpoints, tiny.checkpoints);
        refused(tiny.train("--epochs", "1"), tiny.checkpoints + ": the link leads back to itself");
        Files.delete(tiny.checkpoints);
        Files.createSymbolicLink(tiny.checkpoints, folder.resolve("gone"));
        refused(tiny.train("--epochs", "1"), tiny.checkpoints + ": the link leads to ");
    }

    private static void pipe(Path place) throws Exception {
        assertEquals(0, new ProcessBuilder("mkfifo", place.toString()).start().waitFor());
    }

    private List<String> trainFrom(Path model) {
        String data = tiny.data.toString();
        return List.of(
                "train",
                "--no-server",
                "--epochs",
                "1",
                "--from",
                model.toString(),
                "--data",
                data,
                "--checkpoints",
                tiny.checkpoints.toString());
    }

    @Test
    void aConfigurationThatIsNotJson() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{\"model_type\": \"llama\", \"rms_norm_eps\": NaN}");
        refused(trainFrom(model), "--from", "config.json: is not JSON: Non-standard token 'NaN' (line 1, column 44)\n");
    }

    /** In every flag that takes a path. */
    @ParameterizedTest
    @ValueSource(strings = {"--checkpoints", "--data", "--validation", "--from", "--branch", "--native-config"})
    void aNameThatNoFileCanHave(String flag) throws IOException {
        String name = "\u00fc".repeat(128);
        refused(tiny.train("--epochs", "1", flag, "a/" + name), flag, "has a name of 256 bytes, and 255 is the most");
    }

    private List<String> trainOn(Path data) {
        List<String> command = tiny.train("--epochs", "1");
        command.set(command.indexOf(tiny.data.toString()), data.toString());
        return command;
    }

    /** So little that the held-out end has nothing that an assistant says. */
    @Test
    void oneConversationIsTrainedOn() throws IOException {
        Path data = Files.writeString(
                folder.resolve("one.jsonl"),
                "{\"messages\":[{\"role\":\"user\",\"content\":\"Say yes, please.\"},"
                        + "{\"role\":\"assistant\",\"content\":\"y\"}]}\n");
        TinyRun.Result result = TinyRun.run(trainOn(data));
        assertEquals(0, result.exitCode(), result::err);
    }
}
