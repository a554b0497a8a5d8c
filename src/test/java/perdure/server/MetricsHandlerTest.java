package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.status.TrainingProgress;
import perdure.status.TrainingStatus;
import perdure.status.WorkersStatus;

class MetricsHandlerTest {

    @Test
    void tellsTheNewestStatusInPrometheusText(@TempDir Path folder) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(7, 15, 4.94));
            List<String> lines = run.get("/metrics").body().lines().toList();
            for (String line : List.of(
                    "perdure_training_running 1.0",
                    "perdure_training_loss 4.94",
                    "perdure_training_epoch 7.0",
                    "perdure_training_epochs_planned 15.0",
                    "perdure_training_steps_total 420.0",
                    "perdure_training_tokens_total 430080.0",
                    "perdure_training_tokens_per_second 20500.0",
                    "perdure_checkpoint_saves_total 3.0",
                    "perdure_checkpoint_failures_total 1.0",
                    "perdure_checkpoint_copy_seconds_total 0.25",
                    "perdure_checkpoint_write_seconds_total 1.5",
                    "perdure_training_seconds_total 63.0",
                    "perdure_native_memory_bytes 1.23456789E8",
                    "# TYPE perdure_training_steps_total counter")) {
                assertTrue(lines.contains(line), () -> line + " not in\n" + String.join("\n", lines));
            }
            assertTrue(lines.stream().anyMatch(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\"} ")));
            if (Files.exists(Path.of("/proc/self/status"))) {
                double resident = lines.stream()
                        .filter(line -> line.startsWith("process_resident_memory_bytes "))
                        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                        .findFirst()
                        .orElseThrow();
                assertTrue(resident > 10e6, () -> "resident: " + resident);
            }
        }
    }

    @Test
    void tellsOfEachRank(@TempDir Path folder) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(7, 15, 4.94)
                    .withWorkers(new WorkersStatus(
                            2, "Slurm", 1, List.of(new WorkersStatus.Rank(1, "n2", 70, 0.5, 12.25)), null)));
            List<String> lines = run.get("/metrics").body().lines().toList();
            for (String line : List.of(
                    "perdure_worker_step{rank=\"1\"} 70.0",
                    "perdure_worker_heard_seconds{rank=\"1\"} 0.5",
                    "perdure_worker_wait_seconds{rank=\"1\"} 12.25")) {
                assertTrue(lines.contains(line), () -> line + " not in\n" + String.join("\n", lines));
            }
        }
    }

    @Test
    void tellsOfTheGpu(@TempDir Path folder) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            TrainingStatus status = ServerUnderTest.running(7, 15, 4.94);
            TrainingProgress on = status.progress();
            run.published.set(status);
            assertFalse(run.get("/metrics").body().contains("perdure_gpu"));
            run.published.set(new TrainingStatus(
                    true,
                    7,
                    15,
                    4.94,
                    new TrainingProgress(
                            on.state(),
                            null,
                            on.position(),
                            on.speed().on(new TrainingProgress.Gpu(42, 43, 80, 97)),
                            on.quality(),
                            on.saved(),
                            null,
                            null)));
            List<String> lines = run.get("/metrics").body().lines().toList();
            for (String line : List.of(
                    "perdure_gpu_memory_used_bytes 42.0",
                    "perdure_gpu_memory_peak_bytes 43.0",
                    "perdure_gpu_memory_total_bytes 80.0",
                    "perdure_gpu_utilization_percent 97.0")) {
                assertTrue(lines.contains(line), () -> line + " not in\n" + String.join("\n", lines));
            }
        }
    }

    @Test
    void leavesOutWhatIsNotKnownYet(@TempDir Path folder) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(1, 15, null));
            var answer = run.get("/metrics");
            assertEquals(200, answer.statusCode());
            assertFalse(answer.body().contains("perdure_training_loss "));
        }
    }

    @Test
    void speaksOpenMetricsToThoseWhoAsk(@TempDir Path folder) throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String body = run.get("/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
                    .body();
            assertTrue(body.endsWith("# EOF\n"));
        }
    }

    /** As Prometheus asks with native histograms. It takes text as well. */
    @Test
    void answersThoseWhoWouldRatherHaveProtocolBuffersInText(@TempDir Path folder) throws Exception {
        String protocolBuffers =
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6";
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            for (String[] asked : new String[][] {
                {protocolBuffers + ",application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2", "# EOF\n"},
                {protocolBuffers + ",text/plain;version=0.0.4;q=0.3", "\n"}
            }) {
                var answer = run.get("/metrics", "Accept", asked[0]);
                assertEquals(200, answer.statusCode());
                assertTrue(answer.body().contains("# TYPE perdure_training_running gauge"));
                assertTrue(answer.body().endsWith(asked[1]));
            }
        }
    }

    @Test
    void passesPrometheusOwnCheck(@TempDir Path folder) throws Exception {
        Path tool = Path.of("/usr/bin/promtool");
        assumeTrue(Files.isExecutable(tool), "promtool is not here: Debian's package prometheus has it");
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(7, 15, 4.94));
            Process check = new ProcessBuilder(tool.toString(), "check", "metrics")
                    .redirectErrorStream(true)
                    .start();
            try (OutputStream in = check.getOutputStream()) {
                in.write(run.get("/metrics").body().getBytes(StandardCharsets.UTF_8));
            }
            String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, check.waitFor(), said);
            assertEquals("", said);
        }
    }
}
