package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import perdure.status.StatusJson;
import perdure.status.TrainingStatus;

/** {@code scripts/status} against a real server, from a working directory of its own. */
@Timeout(120)
class StatusScriptTest {

    @TempDir
    Path folder;

    @BeforeAll
    static void needsCurl() throws Exception {
        try {
            assumeTrue(new ProcessBuilder("curl", "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0);
        } catch (IOException notInstalled) {
            assumeTrue(false, "curl is not installed");
        }
    }

    private Process start(String token, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of("sh", Path.of("scripts/status").toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().remove("PERDURE_TOKEN");
        if (token != null) {
            builder.environment().put("PERDURE_TOKEN", token);
        }
        return builder.start();
    }

    private void assertPrints(int exit, String output, String... arguments) throws Exception {
        assertEnds(exit, output, start(null, arguments));
    }

    private static void assertEnds(int exit, String output, Process process) throws Exception {
        String printed = new String(process.getInputStream().readAllBytes());
        assertEquals(exit, process.waitFor(), printed);
        assertTrue(printed.strip().matches(output), printed);
    }

    @Test
    void tellsApartRunningDoneStoppedAndIdle() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            String port = String.valueOf(run.server.port());
            assertPrints(0, "idle: no run", "--port", port);
            run.published.set(ServerUnderTest.running(7, 15, 4.94));
            assertPrints(10, "running: epoch 7/15, training loss 4\\.9400", "--port", port);
            run.published.set(ServerUnderTest.running(7, 15, null));
            assertPrints(10, "running: epoch 7/15, training loss -", "--url", run.url("/"));
            run.published.set(TrainingStatus.idle(7, 15));
            assertPrints(0, "not running: 7/15 epochs, training loss -", "--port", port);
            run.published.set(TrainingStatus.idle(15, 15));
            assertPrints(0, "done: 15/15 epochs, training loss -", "--port", port);
        }
    }

    @Test
    void printsTheAnswerAsItCame() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(7, 15, 4.94));
            assertPrints(
                    10,
                    "\\{\"running\":true,\"current_epoch\":7,\"total_epochs\":15,\"loss\":4\\.94}",
                    "--json",
                    "--port",
                    String.valueOf(run.server.port()));
        }
    }

    @Test
    void saysThatNothingAnswers() throws Exception {
        int free;
        try (ServerSocket probe = new ServerSocket(0)) {
            free = probe.getLocalPort();
        }
        assertPrints(3, "status: nothing answers at http://127.0.0.1:" + free, "--port", String.valueOf(free));
        assertPrints(3, "status: nothing answers at .*", "--wait", "--port", String.valueOf(free));
    }

    @Test
    void saysWhenSomethingElseAnswers() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            assertPrints(4, "status: .* answers 404, but not with a status", "--url", run.url("/elsewhere"));
        }
    }

    @Test
    void sendsTheTokenOfTheEnvironment() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, "s3cret"))) {
            String port = String.valueOf(run.server.port());
            assertPrints(4, "status: .* wants a token: set PERDURE_TOKEN", "--port", port);
            assertEnds(0, "idle: no run", start("s3cret", "--port", port));
        }
    }

    @Test
    void waitsUntilTheRunHasEnded() throws Exception {
        try (ServerUnderTest run = new ServerUnderTest(folder)) {
            run.published.set(ServerUnderTest.running(14, 15, 3.5));
            Process waiting = start(null, "--wait", "--interval", "0.1", "--port", String.valueOf(run.server.port()));
            BufferedReader lines = waiting.inputReader();
            assertEquals("running: epoch 14/15, training loss 3.5000", lines.readLine());
            assertTrue(waiting.isAlive());
            run.published.set(TrainingStatus.idle(15, 15));
            String last = lines.lines().reduce((earlier, later) -> later).orElseThrow();
            assertEquals("done: 15/15 epochs, training loss -", last);
            assertEquals(0, waiting.waitFor());
        }
    }

    @Test
    void asksTheRunFolderWhenTheServerEndedWithItsRun() throws Exception {
        for (TrainingStatus last : List.of(TrainingStatus.idle(15, 15), ServerUnderTest.running(14, 15, 3.5))) {
            Files.write(folder.resolve("training_status.json"), StatusJson.full(last));
            Process waiting;
            try (ServerUnderTest run = new ServerUnderTest(folder)) {
                run.published.set(ServerUnderTest.running(14, 15, 3.5));
                waiting = start(
                        null,
                        "--wait",
                        "--interval",
                        "0.1",
                        "--checkpoints",
                        folder.toString(),
                        "--port",
                        String.valueOf(run.server.port()));
                waiting.inputReader().readLine();
            }
            assertEquals(last.running() ? 3 : 0, waiting.waitFor());
        }
    }

    /** As after kill -9: the last status says that it runs, and nobody is left to say otherwise. */
    @Test
    void seesThatTheTrainerHasDied() throws Exception {
        Process died = new ProcessBuilder("true").start();
        died.waitFor();
        Files.write(folder.resolve("training_status.json"), StatusJson.full(ServerUnderTest.running(14, 15, 3.5)));
        String[] arguments = {"--port", "1", "--checkpoints", folder.toString()};
        String host = InetAddress.getLocalHost().getHostName();
        lock(died.pid(), host);
        assertPrints(
                3,
                "status: dead: process " + died.pid() + " on .*: epoch 14/15, training loss 3\\.5000\\. .*",
                arguments);
        lock(1, "another-machine");
        Files.setLastModifiedTime(
                folder.resolve("run.lock"), FileTime.from(Instant.now().minusSeconds(300)));
        assertPrints(3, "status: dead: process 1 on another-machine .*", arguments);
        lock(ProcessHandle.current().pid(), host);
        assertPrints(10, "running: epoch 14/15, training loss 3\\.5000", arguments);
        Files.writeString(folder.resolve("run.lock"), "");
        assertPrints(3, "status: nothing answers at .*", arguments);
        Files.write(folder.resolve("training_status.json"), StatusJson.full(TrainingStatus.idle(7, 15)));
        assertPrints(0, "not running: 7/15 epochs, training loss -", arguments);
    }

    private void lock(long pid, String host) throws IOException {
        Files.writeString(
                folder.resolve("run.lock"),
                "{\"pid\":" + pid + ",\"host\":\"" + host + "\",\"started\":\"2026-01-01T00:00:00Z\"}");
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        assertPrints(2, "status: unknown argument --weight; see --help", "--weight");
        assertPrints(2, "status: --port needs a value", "--port");
        assertPrints(2, "status: --interval soon: must be a number of seconds", "--interval", "soon");
    }
}
