package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.server.ServedRun;
import perdure.server.ServerOptions;
import perdure.server.StatusServer;

/** The examples, as a stranger has them: compiled and run with the built jar and its libraries alone. */
class FrontDoorIT {
    private static final Path EXAMPLES = Path.of("src", "examples", "java");
    private static final Path JAR = Path.of("target", "perdure.jar").toAbsolutePath();
    private static final Path LIBRARIES = Path.of("target", "lib").toAbsolutePath();

    @TempDir
    Path folder;

    @Test
    void trainsAndAsks() throws IOException, InterruptedException {
        writeText();
        String output = run(strangersClassPath(), "TrainAndAsk", List.of());
        List<String> losses = output.lines()
                .filter(line -> line.matches("\\d+\\.\\d+(E-\\d+)?"))
                .toList();
        assertTrue(losses.size() >= 10, output);
        double first = Double.parseDouble(losses.get(0));
        double last = Double.parseDouble(losses.get(losses.size() - 1));
        assertTrue(last < first, first + " to " + last);
        assertTrue(Files.exists(folder.resolve("checkpoints").resolve("current.meta.json")), output);

        // Once more: all epochs are done, and the answer comes from the checkpoint.
        String again = run(strangersClassPath(), "TrainAndAsk", List.of());
        assertEquals(last(output), last(again));
    }

    @Test
    void chatsThroughLangChain4j() throws IOException, InterruptedException {
        writeText();
        run(strangersClassPath(), "TrainAndAsk", List.of());
        RunConfig config = RunConfig.in(folder.resolve("checkpoints")).epochs(10);
        try (TrainingRun run = TrainingRun.open(config);
                StatusServer server = StatusServer.start(
                        ServerOptions.local(0),
                        new ServedRun(run.status(), config.folder(), run.chat(), run::stop, () -> -1L, () -> -1L))) {
            String output = run(
                    System.getProperty("java.class.path"),
                    "ChatWithLangChain4j",
                    List.of(server.url(), "What is new?"));
            assertTrue(!output.isBlank(), output);
        }
    }

    private void writeText() throws IOException {
        List<String> words = List.of("a", "cat", "sat", "on", "the", "mat", "and", "saw", "rain");
        Random random = new Random(1);
        String text = Stream.generate(() -> words.get(random.nextInt(words.size())))
                .limit(2000)
                .collect(Collectors.joining(" "));
        Files.writeString(folder.resolve("my.txt"), text);
    }

    /** The README shows the examples as they are. */
    @Test
    void areInTheReadme() throws IOException {
        String readme = Files.readString(Path.of("README.md")).replaceAll("\\s+", " ");
        for (String example : List.of("TrainAndAsk", "ChatWithLangChain4j")) {
            String source = Files.readString(EXAMPLES.resolve(example + ".java"));
            String body = source.substring(
                    source.indexOf("String[] arguments) {") + 21, source.length() - "    }\n}\n".length());
            assertTrue(readme.contains(body.strip().replaceAll("\\s+", " ")), example + " is not in the README");
        }
    }

    private static String last(String output) {
        List<String> lines = output.lines().toList();
        return lines.get(lines.size() - 1);
    }

    private static String strangersClassPath() throws IOException {
        try (Stream<Path> jars = Files.list(LIBRARIES)) {
            List<String> all = new ArrayList<>(List.of(JAR.toString()));
            jars.map(Path::toString).sorted().forEach(all::add);
            return String.join(File.pathSeparator, all);
        }
    }

    private String run(String classPath, String example, List<String> arguments)
            throws IOException, InterruptedException {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        compile(classPath, EXAMPLES.resolve(example + ".java"), classes);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Collections.addAll(command, "-cp", classes + File.pathSeparator + classPath, example);
        command.addAll(arguments);
        Path log = folder.resolve("log.txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", "2");
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the example did not end");
        } finally {
            process.destroyForcibly();
        }
        String output = Files.readString(log);
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    private static void compile(String classPath, Path source, Path classes) {
        StringWriter messages = new StringWriter();
        int result = ToolProvider.findFirst("javac")
                .orElseThrow()
                .run(
                        new PrintWriter(messages),
                        new PrintWriter(messages),
                        Arrays.asList("-proc:none", "-cp", classPath, "-d", classes.toString(), source.toString())
                                .toArray(String[]::new));
        assertEquals(0, result, messages.toString());
    }
}
