package perdure.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.checkpoint.RunLock;
import perdure.status.RunFacts;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingStatus;

class StatusPublisherTest {

    private static final RunFacts FACTS = new RunFacts("given", "my.txt", 61_440, 6_000, 836_864, "cpu", 2, "fp32");

    @TempDir
    Path folder;

    private void publish(State state, String message) {
        TrainingProgress idle = TrainingProgress.of(State.IDLE);
        TrainingProgress progress = new TrainingProgress(
                state,
                message,
                new TrainingProgress.Steps(2_117, 3_630, 20, 363, 58.3, 430_080),
                idle.speed(),
                idle.quality(),
                idle.saved(),
                null,
                null);
        try (RunLock lock = RunLock.acquire(folder)) {
            new StatusPublisher(new AtomicReference<>(), folder, lock, 0)
                    .publish(new TrainingStatus(state.isRunning(), 6, 10, 0.5, progress, FACTS));
        }
    }

    @Test
    void knowsHowTheLastProcessEnded() {
        publish(State.FAILED, "The loss at step 2118 is NaN.");
        TrainingStatus last = StatusPublisher.last(folder, 5);
        assertEquals(State.FAILED, last.progress().state());
        assertEquals("The loss at step 2118 is NaN.", last.progress().message());
        assertEquals(5, last.currentEpoch());
        assertEquals(10, last.totalEpochs());
        assertEquals(FACTS, last.run());
    }

    @Test
    void logsSpeedAndSamplesOfThePast() throws Exception {
        TrainingProgress idle = TrainingProgress.of(State.IDLE);
        TrainingProgress.FinishedEpoch first = new TrainingProgress.FinishedEpoch(1, 2.1, 1.2, 0.6, "Hello.");
        try (RunLock lock = RunLock.acquire(folder)) {
            StatusPublisher publisher = new StatusPublisher(new AtomicReference<>(), folder, lock, 0);
            for (long step : new long[] {9, 10, 10, 15, 20}) {
                publisher.publish(new TrainingStatus(
                        true,
                        1,
                        2,
                        0.5,
                        new TrainingProgress(
                                step == 20 ? State.SAVING : State.TRAINING,
                                null,
                                new TrainingProgress.Steps(step, 20, step, 20, 50, 430_080),
                                new TrainingProgress.Speed(15_000.4, 1L, 2, 2, 0, 500L),
                                idle.quality(),
                                idle.saved(),
                                step < 15 ? null : first,
                                null),
                        FACTS));
            }
        }
        assertEquals("""
                {"format":1}
                {"step":10,"epoch":0,"tokens_per_second":15000.0,"memory_bytes":500}
                {"step":15,"epoch":0,"sample":"Hello."}
                {"step":20,"epoch":0,"tokens_per_second":15000.0,"memory_bytes":500}
                """, Files.readString(folder.resolve("training_log.jsonl")));
    }

    @Test
    void saysThatAProcessWasKilled() {
        publish(State.TRAINING, null);
        TrainingStatus last = StatusPublisher.last(folder, 5);
        assertFalse(last.running());
        assertEquals(State.IDLE, last.progress().state());
        assertEquals(
                "The process that trained this run was ended at step 2,117 before it could save.",
                last.progress().message());
    }

    @Test
    void saysThatAnotherProcessTrains() {
        publish(State.SAVING, null);
        try (RunLock held = RunLock.acquire(folder)) {
            TrainingStatus last = StatusPublisher.last(folder, 5);
            assertFalse(last.running());
            assertEquals("Another process trains this run.", last.progress().message());
        }
    }

    @Test
    void writesNothingToAFolderThatHasReplacedItsOwn() throws Exception {
        Path run = Files.createDirectory(folder.resolve("run"));
        try (RunLock lock = RunLock.acquire(run)) {
            StatusPublisher publisher = new StatusPublisher(new AtomicReference<>(), run, lock, 0);
            Files.move(run, folder.resolve("renamed"));
            RunLock.acquire(Files.createDirectory(folder.resolve("other"))).close();
            Files.move(folder.resolve("other"), run);
            publisher.publish(TrainingStatus.starting(1, 2));
            assertArrayEquals(new String[] {"run.lock"}, run.toFile().list());
        }
    }

    @Test
    void aFolderWithoutAStatusIsIdle() throws Exception {
        TrainingStatus idle = TrainingStatus.idle(3, 3).withRun(RunFacts.of(folder.toString(), null));
        assertEquals(idle, StatusPublisher.last(folder, 3));
        Files.writeString(folder.resolve("training_status.json"), "{\"running\":tr");
        assertEquals(idle, StatusPublisher.last(folder, 3));
        assertNull(idle.progress().message());
    }
}
