package perdure.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.cli.Main;
import perdure.device.LoadedNatives;
import perdure.run.BadInputException;

@ExtendWith(LoadedNatives.class)
class GenerationBenchmarkTest {
    @TempDir
    Path folder;

    @Test
    void fillsAContextAtEachTurn() {
        GenerationBenchmark.Result result = GenerationBenchmark.run(ReferenceProgram.SHAPE, false, folder, 3, null);
        assertEquals(4, result.prompt());
        assertEquals(12, result.tokens());
        assertEquals(3, result.seconds().size());
        assertTrue(result.tokensPerSecond() > 0);
        assertEquals(List.of(), result.reference());
    }

    @Test
    void ratesComeFromTheMedianTurn() {
        GenerationBenchmark.Result result = new GenerationBenchmark.Result(
                4, 12, List.of(9.0, 2.0, 1.0), List.of(1.0, 4.0, 3.0), "other", List.of(4.0, 3.0, 8.0));
        assertEquals(6, result.tokensPerSecond());
        assertEquals(3, result.referenceTokensPerSecond());
        assertEquals(16, result.tokensPerSecondTogether());
    }

    @Test
    void aReferenceThatSaysOtherTokensIsNoComparison() throws Exception {
        Path other = ReferenceProgram.write(folder, """
                test -f "$2/model.safetensors" && test -f "$2/config.json" && echo '{"name":"other"}'
                while read -r question; do echo '{"seconds":1,"ids":[-1]}'; done
                """);
        Path work = Files.createDirectory(folder.resolve("work"));
        IllegalStateException refusal = assertThrows(
                IllegalStateException.class,
                () -> GenerationBenchmark.run(ReferenceProgram.SHAPE, false, work, 1, other));
        assertEquals(
                "Token 1 of 12 differs from the reference's, so the speeds cannot be compared.", refusal.getMessage());
        // In bf16 both sides round in different places.
        assertEquals(
                List.of(1.0),
                GenerationBenchmark.run(
                                ReferenceProgram.SHAPE, true, Files.createDirectory(folder.resolve("bf16")), 1, other)
                        .reference());
    }

    @Test
    void namesAPythonThatIsNotThereOrDoesNotAnswer() throws Exception {
        for (Path python : List.of(
                folder.resolve("absent"),
                ReferenceProgram.write(folder, "exit 1"),
                ReferenceProgram.write(folder, "echo Hello"))) {
            BadInputException refusal =
                    assertThrows(BadInputException.class, () -> new ReferenceScript(python, "generate.py", "folder"));
            assertEquals("against python", refusal.setting());
            assertTrue(refusal.getMessage().startsWith(python + ": "), refusal.getMessage());
        }
    }

    @Test
    void takesAReferenceForSpeedAlone() {
        assertEquals(2, Main.run("bench", "--saves", "--against-python", "python"));
    }
}
