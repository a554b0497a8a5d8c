package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.chat.ChatRequest;
import perdure.chat.ChatSession;
import perdure.chat.Compute;
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
        trainWith(Learner.GRAPHS, "false", eager, flags);
        TinyRun recorded = run("recorded");
        train(recorded, GPU, flags);
        assertArrayEquals(eager.weightsAndMoments(), recorded.weightsAndMoments());
    }

    private static void trainWith(String property, String value, TinyRun run, String flags) {
        System.setProperty(property, value);
        try {
            train(run, GPU, flags);
        } finally {
            System.clearProperty(property);
        }
    }

    /** Recorded and eager, with clipping at each step, and with saves between them. */
    @ParameterizedTest
    @ValueSource(strings = {"", " --dropout 0.1 --grad-accum 2", " --precision bf16", " --checkpoint-every 2"})
    void stepsThatBeginBeforeTheOneBeforeThemIsReadGiveTheSameBytes(String more) throws IOException {
        String flags = "--epochs 2 --dropout 0 --grad-clip 0.1" + more;
        TinyRun inTurns = run("in turns");
        train(inTurns, GPU, flags);
        TinyRun ahead = run("ahead");
        trainWith(Learner.AHEAD, "true", ahead, flags);
        assertArrayEquals(inTurns.weightsAndMoments(), ahead.weightsAndMoments());
    }

    @Test
    void savesBetweenStepsChangeNoByte() throws IOException {
        TinyRun seldom = run("seldom");
        train(seldom, GPU, "--epochs 2 --steps-per-epoch 30 --checkpoint-every 1h");
        TinyRun often = run("often");
        train(often, GPU, "--epochs 2 --steps-per-epoch 30 --checkpoint-every 1");
        assertArrayEquals(seldom.weightsAndMoments(), often.weightsAndMoments());
    }

    /** They are those of the CPU. */
    @Test
    void answersOnTheGpuChangeNoByteOfTheTraining() throws IOException {
        String flags = "--epochs 200 --dropout 0 --checkpoint-every 50";
        TinyRun quiet = run("quiet");
        train(quiet, GPU, flags);
        TinyRun asked = run("asked");
        ChatRequest request = ChatRequest.completion("The fox")
                .temperature(0)
                .maximumTokens(30)
                .build();
        try (ChatSession onGpu = chat(asked, GPU);
                ChatSession onCpu = chat(asked, "cpu")) {
            CompletableFuture<Void> training = CompletableFuture.runAsync(() -> train(asked, GPU, flags));
            int answers = 0;
            while (!training.isDone()) {
                if (onGpu.checkpoint().isPresent()) {
                    onGpu.submit(request, piece -> {}).join();
                    answers++;
                }
            }
            training.join();
            assertTrue(answers > 0);
            assertEquals(
                    onCpu.submit(request, piece -> {}).join().text(),
                    onGpu.submit(request, piece -> {}).join().text());
        }
        assertArrayEquals(quiet.weightsAndMoments(), asked.weightsAndMoments());
    }

    private static ChatSession chat(TinyRun run, String device) {
        return new ChatSession(run.checkpoints, 1, 8, new Compute(1, null, bytes -> device), () -> {});
    }

    @Test
    void aModelThatTakesMoreThanHalfOfTheFreeMemoryAnswersOnTheCpu() {
        assertEquals(GPU, Devices.forAnswers(GPU, 1 << 20));
        assertEquals("cpu", Devices.forAnswers(GPU, 1L << 50));
    }

    @Test
    void aKilledRunEqualsAnUnbrokenOne() {
        List<String> command = new TinyRun(folder)
                .train(("--device " + GPU + " --epochs 50 --max-steps 4000 --kills 2 --kill-seed 1 --dropout 0.1")
                        .split(" "));
        command.set(0, "verify-resume");
        TinyRun.Result result = TinyRun.run(command);
        assertEquals(0, result.exitCode(), () -> result.out() + result.err());
        assertTrue(result.out().matches("(?s).*EQUAL to the byte: [12] kills.*"), result::out);
    }

    /** They share the GPU, so they exchange through the memory of the host. */
    @Test
    void twoRanksThatAreKilledEqualOneProcess() {
        List<String> command = new TinyRun(folder)
                .train(("--device " + GPU
                                + " --ranks 2 --grad-accum 2 --epochs 50 --max-steps 400 --kills 2 --kill-seed 2")
                        .split(" "));
        command.set(0, "verify-resume");
        TinyRun.Result result = TinyRun.run(command);
        assertEquals(0, result.exitCode(), () -> result.out() + result.err());
        assertTrue(result.out().matches("(?s).*EQUAL to the byte: [12] kills.*"), result::out);
    }

    /** Stopped and resumed, and with their layers recomputed. */
    @Test
    void adaptersEndWithTheSameBytes() throws IOException {
        TinyRun base = run("base");
        train(base, GPU, "--epochs 1");
        String flags = "--epochs 2 --lora --lora-rank 2 --lora-dropout 0.1 --from " + base.newest();
        TinyRun unbroken = run("unbroken");
        train(unbroken, GPU, flags);
        TinyRun broken = run("broken");
        train(broken, GPU, flags + " --max-steps 3");
        train(broken, GPU, flags + " --recompute");
        for (String file : List.of("adapter_model.safetensors", "optimizer.safetensors")) {
            assertArrayEquals(
                    Files.readAllBytes(unbroken.newest().resolve(file)),
                    Files.readAllBytes(broken.newest().resolve(file)),
                    file);
        }
    }

    @Test
    void generatesTheTextOfTheCpu() throws IOException {
        TinyRun run = run("run");
        train(run, GPU, "--epochs 10 --learning-rate 0.01");
        String text = generate(run, "cpu");
        assertFalse(text.isBlank());
        assertEquals(text, generate(run, GPU));
    }

    private static String generate(TinyRun run, String device) {
        TinyRun.Result result = TinyRun.run(List.of(
                "generate",
                "--device",
                device,
                "--checkpoints",
                run.checkpoints.toString(),
                "--temperature",
                "0",
                "--text",
                "The fox"));
        assertEquals(0, result.exitCode(), result.err());
        return result.out();
    }

    /** More than 300 GB for the backward pass, of which the model's weights are a few MB. */
    @Test
    void saysWhatTakesTheMemoryThatIsMissing() throws IOException {
        TinyRun run = run("run");
        Files.writeString(run.data, "The fox sees the dog.\n".repeat(240_000));
        TinyRun.Result result = TinyRun.run(run.train(
                ("--device " + GPU + " --epochs 1 --layers 24 --hidden-size 64 --context 512 --batch-size 8192")
                        .split(" ")));
        assertEquals(1, result.exitCode(), result.err());
        assertTrue(
                result.err().contains("CUDA out of memory with batch size 8192, context 512, 24 layers"), result.err());
        assertTrue(result.err().contains("--batch-size with more --grad-accum"), result.err());
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

    /** Within a thousandth, and in bf16 within 2 %. */
    @ParameterizedTest
    @CsvSource({"fp32, 1e-3", "bf16, 0.02"})
    void lossesAreThoseOfTheCpu(String precision, double tolerance) throws IOException {
        LossCurve expected = losses("cpu", "fp32");
        LossCurve actual = losses(GPU, precision);
        assertEquals(4, expected.steps().size());
        for (int i = 0; i < 4; i++) {
            assertEquals(
                    1, actual.steps().get(i).loss() / expected.steps().get(i).loss(), tolerance);
        }
        for (int epoch = 0; epoch < 2; epoch++) {
            assertEquals(
                    1,
                    actual.epochs().get(epoch).validationLoss()
                            / expected.epochs().get(epoch).validationLoss(),
                    tolerance);
        }
    }

    private LossCurve losses(String device, String precision) throws IOException {
        TinyRun run = run(device.replace(':', '-'));
        train(
                run,
                device,
                "--epochs 2 --steps-per-epoch 20 --learning-rate 0.01 --warmup-steps 5 --precision " + precision);
        return LossCurve.read(run.checkpoints, 1000);
    }
}
