package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.MetaStore;
import perdure.device.Devices;
import perdure.device.LoadedNatives;
import perdure.train.Learner;

/** The real command on a GPU; skipped where there is none. */
@Tag("gpu")
@ExtendWith(LoadedNatives.class)
class GpuTrainingIT {
    private static final String GPU = "cuda:0";

    @TempDir
    Path folder;

    @BeforeEach
    void requireGpu() {
        assumeTrue(Devices.cudaAvailable(), "no CUDA device");
    }

    private TinyRun run(String name) throws IOException {
        return new TinyRun(Files.createDirectory(folder.resolve(name)));
    }

    private static TinyRun.Result train(TinyRun run, String device, String flags) {
        TinyRun.Result result = TinyRun.run(run.train(("--device " + device + " " + flags).split(" ")));
        assertEquals(0, result.exitCode(), result.err());
        return result;
    }

    @Test
    void migratesOnceInTenEpochs() {
        TinyRun.Result result = train(new TinyRun(folder), "cuda", "--epochs 10");
        List<String> migrations =
                result.err().lines().filter(line -> line.contains("Migrating")).toList();
        assertEquals(1, migrations.size(), result.err());
        assertTrue(migrations.get(0).matches(".*Migrating [1-9][0-9]* parameters to " + GPU), result.err());
        assertTrue(result.out().contains("parameters on " + GPU), result.out());
        assertTrue(result.out().contains("Epoch 10/10"), result.out());
    }

    @Test
    void endsWithTheSameBytesWhenStoppedInsideAnEpoch() throws IOException {
        String flags = "--epochs 2 --dropout 0.1 --grad-accum 2";
        TinyRun unbroken = run("unbroken");
        train(unbroken, GPU, flags);
        TinyRun broken = run("broken");
        train(broken, GPU, flags + " --max-steps 7");
        assertEquals(7, new MetaStore(broken.checkpoints).read().step());
        train(broken, GPU, flags);
        assertArrayEquals(unbroken.weightsAndMoments(), broken.weightsAndMoments());
    }

    /** Also with several micro-batches in a step, and with a last batch that is smaller. */
    @ParameterizedTest
    @ValueSource(strings = {"", " --grad-accum 2", " --precision bf16"})
    void recordedBatchesGiveTheSameBytes(String more) throws IOException {
        String flags = "--epochs 2 --dropout 0" + more;
        TinyRun eager = run("eager");
        train(eager, GPU, flags);
        TinyRun recorded = run("recorded");
        System.setProperty(Learner.GRAPHS, "true");
        try {
            train(recorded, GPU, flags);
        } finally {
            System.clearProperty(Learner.GRAPHS);
        }
        assertArrayEquals(eager.weightsAndMoments(), recorded.weightsAndMoments());
    }

    @Test
    void recomputedLayersGiveTheSameBytes() throws IOException {
        String flags = "--epochs 1 --dropout 0.1 --precision bf16";
        TinyRun kept = run("kept");
        train(kept, GPU, flags);
        TinyRun recomputed = run("recomputed");
        train(recomputed, GPU, flags + " --recompute");
        assertArrayEquals(kept.weightsAndMoments(), recomputed.weightsAndMoments());
    }

    @Test
    void goesOnTheCpuWithWhatTheGpuSavedAndBack() throws IOException {
        TinyRun run = run("run");
        train(run, GPU, "--epochs 1");
        TinyRun.Result onCpu = train(run, "cpu", "--epochs 2");
        assertTrue(onCpu.out().contains("device was " + GPU + " and is cpu now"), onCpu.out());
        train(run, GPU, "--epochs 3");
        assertEquals(2, new MetaStore(run.checkpoints).read().lastEpoch());
    }

    @Test
    void lossesAreThoseOfTheCpu() throws IOException {
        LossCurve expected = losses("cpu");
        LossCurve actual = losses(GPU);
        assertEquals(4, expected.steps().size());
        for (int i = 0; i < 4; i++) {
            assertEquals(expected.steps().get(i).loss(), actual.steps().get(i).loss(), 1e-3);
        }
        for (int epoch = 0; epoch < 2; epoch++) {
            assertEquals(
                    expected.epochs().get(epoch).validationLoss(),
                    actual.epochs().get(epoch).validationLoss(),
                    1e-3);
        }
    }

    private LossCurve losses(String device) throws IOException {
        TinyRun run = run(device.replace(':', '-'));
        train(run, device, "--epochs 2 --steps-per-epoch 20 --learning-rate 0.01 --warmup-steps 5");
        return LossCurve.read(run.checkpoints, 1000);
    }
}
