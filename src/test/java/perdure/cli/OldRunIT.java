package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.checkpoint.MetaStore;

/** A run folder that an earlier version left in the middle of an epoch is carried on to its end. */
class OldRunIT {
    private static final Path RUNS = Path.of("src", "test", "resources", "runs");

    private static final List<String> FLAGS = List.of(
            ("train --no-server --device cpu --threads 1 --epochs 3 --steps-per-epoch 20 --vocab-size 256 --layers 1"
                            + " --heads 2 --hidden-size 16 --context 16 --batch-size 4 --dropout 0.1 --warmup-steps 5")
                    .split(" "));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = "0.1.0")
    void isCarriedOn(String version) throws IOException, InterruptedException {
        copy(RUNS.resolve(version), folder);
        TinyRun run = new TinyRun(Files.createDirectory(folder.resolve("work")));
        Path runFolder = folder.resolve("run");
        Process process = run.start(Stream.concat(
                        FLAGS.stream(),
                        Stream.of(
                                "--data", folder.resolve("text.txt").toString(), "--checkpoints", runFolder.toString()))
                .toList());
        assertEquals(0, TinyRun.await(process), Files.readString(run.log()));

        String said = Files.readString(run.log());
        assertFalse(said.contains("damaged"), said);
        assertEquals(60, new MetaStore(runFolder).read().step(), said);
        BytesOnRecord.verify("old-" + version, runFolder);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path each : tree.filter(Files::isRegularFile).toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                Files.createDirectories(target.getParent());
                Files.copy(each, target);
            }
        }
    }
}
