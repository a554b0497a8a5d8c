package perdure.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.device.Devices;
import perdure.device.LoadedNatives;
import perdure.device.Precision;

@ExtendWith(LoadedNatives.class)
class TrainingComparisonTest {
    private static final Recipe RECIPE = new Recipe("tiny", ReferenceProgram.SHAPE, 2);

    @TempDir
    Path folder;

    @Test
    void measuresEveryPartOfAStep() {
        TrainingComparison.Result result =
                TrainingComparison.run(RECIPE, Precision.FP32, Devices.resolve("cpu"), 10, 0, folder, null);
        assertTrue(result.step().data() > 0);
        assertTrue(result.step().forward() > 0);
        assertTrue(result.step().backward() > 0);
        assertTrue(result.step().optimizer() > 0);
        assertEquals(32 / result.milliseconds() * 1e3, result.tokensPerSecond(), 1e-6);
        assertTrue(result.achieved() > 0);
        assertTrue(result.matrixPeak() > result.achieved());
        assertTrue(result.peakBytes() > 0);
        assertEquals(List.of(), result.references());
    }

    @Test
    void otherLossesAreNoComparison() throws Exception {
        Path other = ReferenceProgram.write(folder, """
                test -f "$2/model.safetensors" && echo "{\\"name\\":\\"$4\\"}"
                while read -r question; do
                  echo '{"seconds":[1,2,3,4,5],"losses":[9,9,9,9,9],"peak":7}'
                done
                """);
        Path work = Files.createDirectory(folder.resolve("work"));
        List<TrainingComparison.Reference> references = TrainingComparison.run(
                        RECIPE, Precision.BF16, Devices.resolve("cpu"), 5, 0, work, other)
                .references();
        assertEquals(
                List.of("eager", "compiled", "eager-autocast", "compiled-autocast"),
                references.stream().map(TrainingComparison.Reference::name).toList());
        for (TrainingComparison.Reference reference : references) {
            assertEquals(3000, reference.milliseconds());
            assertEquals(7, reference.peakBytes());
            assertFalse(reference.counts());
        }
    }

    @Test
    void lossesThatAreNoNumbersOrTooFewDoNotCount() {
        double nan = TrainingComparison.largestDifference(List.of(1.0, Double.NaN, 1.0), List.of(1.0, 1.0, 1.0));
        assertFalse(new TrainingComparison.Reference("", 1, 1, nan, TrainingComparison.LOSS_TOLERANCE).counts());
        assertEquals(Double.POSITIVE_INFINITY, TrainingComparison.largestDifference(List.of(1.0), List.of()));
        assertEquals(0.25, TrainingComparison.largestDifference(List.of(1.0, 2.0), List.of(1.0, 2.25)));
    }
}
