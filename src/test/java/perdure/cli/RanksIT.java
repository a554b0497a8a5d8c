package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import perdure.bench.RunComparison;
import perdure.bench.TrainingRanks;

/** Several processes train one run. Each stands for a rank, with a log and a home of its own. */
@Timeout(600)
@Tag("long")
class RanksIT {

    /** Dropout, leaves, grouped queries, and an epoch whose last step is too short for all ranks. */
    private static final String[] FLAGS = {
        "--epochs", "5", "--steps-per-epoch", "40", "--vocab-size", "300", "--layers", "2", "--heads", "4",
                "--kv-heads",
        "2", "--hidden-size", "64", "--context", "16", "--batch-size", "2", "--grad-accum", "4", "--leaves", "2",
        "--dropout", "0.1", "--warmup-steps", "5", "--checkpoint-every", "10", "--bucket-size", "100KB"
    };

    private static final Pattern STEP = Pattern.compile("\"step\":([0-9]+)");

    @TempDir
    Path folder;

    /** The ranks of a run. Only the first one sees the run folder. */
    private final class Ranks implements AutoCloseable {
        private final List<TinyRun> homes = new ArrayList<>();
        private final List<Process> processes = new ArrayList<>();

        /** @param launcher sets the ranks by the environment in place of flags */
        Ranks(Path home, int world, boolean launcher, String... flags) throws IOException {
            this(home, world, launcher, rank -> flags);
        }

        Ranks(Path home, int world, boolean launcher, IntFunction<String[]> flags) throws IOException {
            int port = TrainingRanks.freePort();
            for (int rank = 0; rank < world; rank++) {
                TinyRun run = new TinyRun(Files.createDirectories(rank == 0 ? home : home.resolve("rank" + rank)));
                List<String> command = run.train(FLAGS);
                Collections.addAll(command, flags.apply(rank));
                Map<String, String> environment = Map.of();
                if (launcher) {
                    environment = Map.of(
                            "RANK",
                            "" + rank,
                            "WORLD_SIZE",
                            "" + world,
                            "MASTER_ADDR",
                            "localhost",
                            "MASTER_PORT",
                            "" + port);
                } else if (world > 1) {
                    Collections.addAll(command, "--rank", "" + rank, "--world-size", "" + world);
                    Collections.addAll(command, "--coordinator", "127.0.0.1:" + port);
                }
                Files.deleteIfExists(run.log());
                homes.add(run);
                processes.add(run.start(command, environment));
            }
        }

        Path runFolder() {
            return homes.get(0).checkpoints;
        }

        String log(int rank) {
            try {
                return Files.readString(homes.get(rank).log());
            } catch (IOException problem) {
                throw new UncheckedIOException(problem);
            }
        }

        /** What a rank said at last. */
        String lastLine(int rank) {
            return log(rank).lines().reduce((one, next) -> next).orElse("");
        }

        List<Integer> exitCodes() throws InterruptedException {
            List<Integer> codes = new ArrayList<>();
            for (Process process : processes) {
                codes.add(TinyRun.await(process));
            }
            return codes;
        }

        /** The first rank's, by the status that it writes. */
        private long step() {
            Matcher step = STEP.matcher(status());
            return step.find() ? Long.parseLong(step.group(1)) : 0;
        }

        /** Empty if there is none yet. */
        String status() {
            try {
                return Files.readString(runFolder().resolve("training_status.json"));
            } catch (IOException absent) {
                return "";
            }
        }

        void awaitStep(long step) throws InterruptedException {
            while (step() < step) {
                assertTrue(processes.stream().allMatch(Process::isAlive), () -> log(0));
                Thread.sleep(20);
            }
        }

        void send(String signal, int rank) throws Exception {
            new ProcessBuilder("kill", "-" + signal, "" + processes.get(rank).pid())
                    .start()
                    .waitFor();
        }

        @Override
        public void close() {
            processes.forEach(Process::destroyForcibly);
        }
    }

    private Path finished(String name, int world, boolean launcher, String... flags) throws Exception {
        try (Ranks ranks = new Ranks(folder.resolve(name), world, launcher, flags)) {
            assertEquals(Collections.nCopies(world, 0), ranks.exitCodes(), () -> ranks.log(world - 1));
            for (int rank = 1; rank < world; rank++) {
                assertFalse(Files.exists(ranks.homes.get(rank).checkpoints), "A rank wrote a run folder of its own.");
            }
            return ranks.runFolder();
        }
    }

    private static void assertSameBytes(Path one, Path other) throws IOException {
        assertTrue(RunComparison.of(one, other).isEqual(), other.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "true"})
    void anyNumberOfRanksEndsWithTheSameBytesAlsoIfItChanges(String sharded) throws Exception {
        String[] flag = {"--shard-optimizer", sharded};
        Path alone = finished("alone", 1, false, flag);
        assertSameBytes(alone, finished("two", 2, true, flag));
        assertSameBytes(alone, finished("four", 4, false, flag));
        finished("changing", 1, false, "--max-steps", "27", flag[0], sharded);
        finished("changing", 4, true, "--max-steps", "81", flag[0], sharded);
        assertSameBytes(alone, finished("changing", 2, false, flag));
        try (Ranks again = new Ranks(folder.resolve("changing"), 2, false, flag)) { // Nothing is left.
            assertEquals(List.of(0, 0), again.exitCodes());
            assertTrue(again.log(0).contains("Skipping training."), again.log(0));
        }
        try (Ranks again = new Ranks(folder.resolve("changing"), 2, false, "--exchange-timeout", "3s")) {
            again.send("KILL", 1); // before it can come
            assertEquals(List.of(75, 137), again.exitCodes(), () -> again.log(0));
            assertTrue(again.lastLine(0).endsWith("rank 1 has not come within 3 s."), again.log(0));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "true"})
    void whateverEndsARankTheNextStartGoesOnToTheSameBytes(String sharded) throws Exception {
        String[] flag = {"--shard-optimizer", sharded};
        Path home = folder.resolve("run");
        try (Ranks ranks = new Ranks(home, 2, true, flag)) {
            ranks.awaitStep(12);
            ranks.send("KILL", 1);
            assertEquals(List.of(75, 137), ranks.exitCodes(), () -> ranks.log(0));
            assertTrue(
                    ranks.lastLine(0)
                            .startsWith("perdure: Stopped, to be started again: rank 1 on "
                                    + InetAddress.getLocalHost().getHostName() + " is lost: "),
                    ranks.log(0));
        }
        try (Ranks ranks = new Ranks(home, 2, false, flag)) {
            ranks.awaitStep(30);
            assertTrue(ranks.status().contains("\"lost\":{\"reason\":\"rank 1 on "), ranks.status());
            ranks.send("KILL", 0);
            assertEquals(List.of(137, 75), ranks.exitCodes(), () -> ranks.log(1));
            assertTrue(ranks.lastLine(1).startsWith("perdure: Stopped, to be started again: "), ranks.log(1));
            assertFalse(ranks.log(1).contains("frame #"), ranks.log(1)); // of c10d's warnings
        }
        try (Ranks ranks = new Ranks(home, 2, false, "--silence", "3s", flag[0], sharded)) {
            ranks.awaitStep(45);
            ranks.send("STOP", 1);
            assertTrue(ranks.processes.get(0).waitFor(60, TimeUnit.SECONDS));
            assertTrue(ranks.lastLine(0).endsWith(" has not been heard for 3 s."), ranks.log(0));
            ranks.send("CONT", 1);
            assertEquals(List.of(75, 75), ranks.exitCodes(), () -> ranks.log(1));
        }
        try (Ranks ranks = new Ranks(home, 2, true, flag)) {
            ranks.awaitStep(70);
            String status = ranks.status();
            assertTrue(
                    status.contains(
                            "\"workers\":{\"world\":2,\"launcher\":\"torchrun\",\"attempt\":0,\"ranks\":[{\"rank\":0,"),
                    status);
            assertTrue(status.contains(" has not been heard for 3 s.\",\"step\":"), status);
            ranks.send("TERM", 1);
            assertEquals(List.of(143, 143), ranks.exitCodes(), () -> ranks.log(0));
            assertTrue(ranks.lastLine(0).startsWith("Stopped. Run the same command again"), ranks.log(0));
            assertTrue(Files.exists(ranks.runFolder().resolve("step-%010d".formatted(ranks.step()))));
        }
        assertSameBytes(finished("unbroken", 1, false, flag), finished("run", 1, false, flag));
    }

    /** The files of a checkpoint are the same, so a run may take up the flag, and give it back. */
    @Test
    void aRunGoesOnWithAShardedOptimizerAndIsToldThatItsBytesMayDiffer() throws Exception {
        finished("run", 1, false, "--max-steps", "20");
        try (Ranks ranks = new Ranks(folder.resolve("run"), 2, true, "--max-steps", "40", "--shard-optimizer")) {
            assertEquals(List.of(0, 0), ranks.exitCodes(), () -> ranks.log(0));
            String line = "shard optimizer was false and is true now: the bytes may differ from an unbroken run's.";
            assertTrue(ranks.log(0).contains(line), ranks.log(0));
        }
        try (Ranks ranks = new Ranks(folder.resolve("run"), 1, false, "--max-steps", "60")) { // remembers it
            assertEquals(List.of(0), ranks.exitCodes(), () -> ranks.log(0));
            assertFalse(ranks.log(0).contains("shard optimizer"), ranks.log(0));
        }
        try (Ranks ranks = new Ranks(folder.resolve("run"), 1, false, "--shard-optimizer", "false")) {
            assertEquals(List.of(0), ranks.exitCodes(), () -> ranks.log(0));
            assertTrue(ranks.log(0).contains("shard optimizer was true and is false now"), ranks.log(0));
        }
    }

    /** Only rank 0 sees the checkpoints. */
    @Test
    void aRunBranchesOffAndGoesBackOnRanks() throws Exception {
        finished("run", 1, false, "--max-steps", "10", "--keep", "99");
        Path run = finished("run", 1, false, "--max-steps", "20");
        String branch = folder.resolve("branch").toString();
        String[] first = {"--resume-from", "step-10", "--max-steps", "20", "--branch", branch};
        String[] other = first.clone();
        other[5] = folder.resolve("unseen").toString();
        try (Ranks ranks = new Ranks(folder.resolve("run"), 2, false, rank -> rank == 0 ? first : other)) {
            assertEquals(List.of(0, 0), ranks.exitCodes(), () -> ranks.log(0) + ranks.log(1));
            assertFalse(Files.exists(Path.of(other[5])));
        }
        assertSameBytes(run, Path.of(branch));
    }

    @Test
    void ranksThatWouldTrainDifferentRunsAreRefusedOnAll() throws Exception {
        String[][] flags = {{}, {"--dropout", "0.2"}};
        try (Ranks ranks = new Ranks(folder.resolve("run"), 2, false, rank -> flags[rank])) {
            assertEquals(List.of(2, 2), ranks.exitCodes(), () -> ranks.log(0));
            String line = "dropout is 0.2 on rank 1 and 0.1 on rank 0: start all ranks with the same flags";
            for (int rank = 0; rank < 2; rank++) {
                assertTrue(ranks.lastLine(rank).contains(line), ranks.log(rank));
            }
            assertFalse(Files.exists(ranks.runFolder().resolve("current.meta.json")));
        }
    }

    @Test
    void aRankThatFailsAtOnceEndsAllWithItsReason() throws Exception {
        String[][][] starts = {
            {{}, {"--dat", "x"}, {"rank 1: Unknown options: '--dat', 'x'"}},
            {{}, {"--data", "nowhere.txt"}, {"rank 1: --data: "}},
            {{"--data", "nowhere.txt"}, {}, {"rank 0: --data: "}},
        };
        for (String[][] start : starts) {
            try (Ranks ranks = new Ranks(folder.resolve("run"), 2, false, rank -> start[rank])) {
                assertEquals(List.of(2, 2), ranks.exitCodes(), () -> ranks.log(0));
                int other = start[0].length == 0 ? 0 : 1;
                assertTrue(ranks.lastLine(other).startsWith("perdure: " + start[2][0]), ranks.log(other));
                assertFalse(Files.exists(ranks.runFolder()));
            }
        }
    }
}
