package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WindowType;
import perdure.cli.ChildJava;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.State;
import perdure.status.TrainingStatus;
import perdure.status.WorkersStatus;

/** The page as a person has it: in a real browser, from a real server, with a model that was trained just before. */
@Tag("browser")
@Timeout(600)
class PageIT {

    private static final String QUESTION = "What colour is the sky?";
    private static final String ANSWER = "The sky is blue.";
    private static final String OTHER_QUESTION = "What can you do?";
    private static final String OTHER_ANSWER = "I answer short questions, better with every epoch.";
    private static final List<String> TALKS = List.of(
            talk(QUESTION, ANSWER), talk(OTHER_QUESTION, OTHER_ANSWER), talk("Who are you?", "I am <b>small</b>."));

    @TempDir
    static Path trained;

    @TempDir
    static Path profile;

    private static Browser browser;

    @AutoClose
    private ServerUnderTest run;

    @BeforeAll
    static void start() throws Exception {
        browser = new Browser(profile);
        train();
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    /** Twice, so that the run has been carried on once. */
    private static void train() throws Exception {
        Path data = trained.resolve("talk.jsonl");
        Files.writeString(data, String.join("", TALKS).repeat(500));
        train(data, "2");
        train(data, "4");
    }

    private static String talk(String question, String answer) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"" + question
                + "\"},{\"role\":\"assistant\",\"content\":\"" + answer + "\"}]}\n";
    }

    /** In windows over all conversations, so that the model learns to answer one question after another. */
    private static void train(Path data, String epochs) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Collections.addAll(command, ChildJava.options());
        Collections.addAll(command, "perdure.cli.Main", "train");
        Collections.addAll(command, "--no-server", "--device", "cpu", "--threads", "1", "--data", data.toString());
        Collections.addAll(command, "--checkpoints", trained.toString(), "--epochs", epochs);
        Collections.addAll(command, "--pack", "none", "--loss", "all");
        Collections.addAll(command, "--vocab-size", "300", "--layers", "1", "--heads", "2", "--hidden-size", "48");
        Collections.addAll(command, "--context", "80", "--batch-size", "8", "--steps-per-epoch", "60");
        Collections.addAll(command, "--learning-rate", "0.01", "--warmup-steps", "10");
        Path log = trained.resolve("log.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertEquals(0, process.waitFor(), () -> read(log));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }

    /** On a port of its own: nothing that the browser keeps for another belongs to it. */
    @BeforeEach
    void open() {
        browser.closeOthers();
        browser.rest();
        serve(trained);
    }

    private void serve(Path folder) {
        run = new ServerUnderTest(folder);
        run.published.set(TrainingStatus.idle(4, 4));
        browser.open(run.url("/"));
    }

    private void ask(String question) throws Exception {
        browser.await("the composer", () -> browser.count(".composer textarea") == 1);
        browser.find(".composer textarea").sendKeys(question + Keys.ENTER);
    }

    private void awaitAnswer(String text) throws Exception {
        browser.await(
                "the answer", () -> browser.text(".answer .text").endsWith(text) && browser.count(".growing") == 0);
    }

    @Test
    void theBarAppearsCountsAndDisappears() throws Exception {
        browser.await("the chat", () -> browser.count(".composer") == 1);
        assertEquals(0, browser.count(".bar"));
        run.published.set(ServerUnderTest.running(7, 15, null));
        browser.await("a dash", () -> browser.text(".bar-status").equals("Epoch 7/15 – training loss –"));
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        browser.await("the loss", () -> browser.text(".bar-status").equals("Epoch 7/15 – training loss 4.9400"));
        assertEquals(
                "46.6 %1 min 15 s left20,500 tokens/svalidation loss 4.9900best loss 4.8000",
                browser.text(".bar-detail"));
        browser.awaitTitle("46 % – epoch 7/15 – Perdure");
        assertTrue(icon().startsWith("data:image/svg+xml,"), icon());
        assertEquals("46.6", browser.find(".bar progress").getDomProperty("value"));
        run.published.set(ServerUnderTest.running(8, 15, 4.8));
        browser.await("the count", () -> browser.text(".bar-status").equals("Epoch 8/15 – training loss 4.8000"));
        browser.assertAccessible();
        run.published.set(TrainingStatus.idle(15, 15));
        browser.await("the end", () -> browser.count(".bar") == 0);
        browser.awaitTitle("Perdure");
        assertTrue(icon().endsWith("/page/icon.svg"), icon());
        browser.assertQuiet();
    }

    @Test
    void tellsThatTheValidationLossRises() throws Exception {
        browser.await("the chat", () -> browser.count(".composer") == 1);
        TrainingStatus before = ServerUnderTest.running(7, 15, 4.94);
        TrainingProgress progress = before.progress();
        TrainingProgress.Quality quality =
                new TrainingProgress.Quality(3e-4, 0.9, 4.8, 4.99, null, new TrainingProgress.Rising(3, 4.7, 360));
        run.published.set(new TrainingStatus(
                true,
                7,
                15,
                4.94,
                new TrainingProgress(
                        State.TRAINING,
                        null,
                        progress.position(),
                        progress.speed(),
                        quality,
                        progress.saved(),
                        null,
                        null),
                before.run()));
        browser.await("the bar", () -> browser.text(".bar-detail").startsWith("46.6 %validation loss rising1 min"));
        browser.press("Curve");
        browser.await("the reason", () -> browser.count(".facts-end.rising") == 1);
        assertEquals(
                "The validation loss has risen in 3 evaluations in a row: the model learns its text by heart. Its"
                        + " lowest, 4.7000, is that of the checkpoint step-360. Stop the training, or start it again"
                        + " with --patience, which ends it by itself.",
                browser.text(".facts-end"));
        browser.assertAccessible();
        run.published.set(before);
        browser.await("the end of it", () -> browser.count(".facts-end") == 0);
        browser.assertQuiet();
    }

    @Test
    void tellsWhoIsSlowAndWhoWasLost() throws Exception {
        browser.await("the chat", () -> browser.count(".composer") == 1);
        run.published.set(ServerUnderTest.running(7, 15, 4.94)
                .withWorkers(new WorkersStatus(
                        2,
                        "Slurm",
                        1,
                        List.of(
                                new WorkersStatus.Rank(0, "n1", 420, 0, 5.05),
                                new WorkersStatus.Rank(1, "n2", 420, 0.4, 0.85)),
                        new WorkersStatus.Loss(
                                "rank 1 on n2 is lost: Connection reset", 417, "2026-01-01T00:00:00Z"))));
        browser.await("the bar", () -> browser.text(".bar-detail")
                .contains("best loss 4.80002 ranks by Slurm, rank 1 on n2 is slow: others wait 20 % for it"
                        + "rank 1 on n2 is lost: Connection reset – at step 417, "));
        browser.press("Curve");
        browser.await("the facts", () -> browser.text(".facts dl").contains("Last loss of a rankrank 1 on n2 is lost"));
        browser.assertAccessible();
        browser.assertQuiet();
    }

    private String icon() {
        return (String) browser.script("return document.querySelector('link[rel=icon]').href");
    }

    @Test
    void asksOnceBeforeItStopsTheTraining() throws Exception {
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        browser.await("the bar", () -> browser.count(".bar-stop") == 1);
        browser.press("Stop training");
        browser.await("the question", () -> browser.focused().getText().equals("Save and stop"));
        browser.press("Go on");
        browser.await("the button", () -> browser.count(".bar-stop") == 1);
        browser.press("Stop training");
        browser.await("the question", () -> browser.count(".bar-yes") == 1);
        browser.assertAccessible(); // That may take longer than the ten seconds in which the question stands.
        browser.script("document.querySelector('.bar-confirm button:last-child')?.click()");
        browser.await("the button", () -> browser.count(".bar-stop") == 1);
        assertEquals(0, run.stops.get());
        browser.press("Stop training");
        browser.await("the question again", () -> browser.count(".bar-yes") == 1);
        browser.focused().sendKeys(Keys.ENTER);
        browser.await("the stop", () -> run.stops.get() == 1);
        browser.await("word of it", () -> browser.text(".bar-note").startsWith("Stopping"));
        browser.assertQuiet();
    }

    private TrainingStatus ended(State state, String message) {
        TrainingStatus running = ServerUnderTest.running(15, 15, 4.5);
        return new TrainingStatus(false, 15, 15, null, running.progress().with(state, message), running.run());
    }

    private void awaitEnding(String text) throws Exception {
        browser.await(text, () -> browser.text(".bar-end").equals(text));
    }

    private void awaitCommand(String text) throws Exception {
        browser.await(text, () -> browser.text(".bar-command").equals(text));
    }

    @Test
    void tellsHowTheRunEndedAndWhatToDoNext() throws Exception {
        run.published.set(ServerUnderTest.running(15, 15, 4.5));
        browser.await("the bar", () -> browser.count(".bar-status") == 1);
        run.published.set(ended(State.FINISHED, null));
        run.endPatiently();
        awaitEnding("Finished 15 of 15 · saved step-400");
        awaitCommand("scripts/serve --checkpoints checkpoints");
        browser.awaitTitle("Finished – Perdure");
        Thread.sleep(5_000); // The polls that fail meanwhile change nothing.
        awaitEnding("Finished 15 of 15 · saved step-400");
        browser.assertAccessible();
        browser.press("Close");
        browser.await("room", () -> browser.count(".bar") == 0);
    }

    @Test
    void tellsWhyARunStoppedOrFailed() throws Exception {
        run.published.set(ended(State.STOPPED, "The limit of 420 steps is reached."));
        awaitEnding("Stopped at step 420 · saved step-400 · The limit of 420 steps is reached.");
        awaitCommand("scripts/train --checkpoints checkpoints");
        run.published.set(ended(State.FAILED, "The loss at step 421 is NaN."));
        awaitEnding("Failed: The loss at step 421 is NaN. · saved step-400");
        browser.awaitTitle("Failed – Perdure");
        browser.assertAccessible();
        run.published.set(TrainingStatus.idle(3, 15).withMessage("The process that trained this run was ended."));
        awaitEnding("The process that trained this run was ended.");
        browser.assertQuiet();
    }

    @Test
    void aHiddenTabLearnsTheEndFromAnother() throws Exception {
        run.published.set(ServerUnderTest.running(15, 15, 4.5));
        browser.await("the bar", () -> browser.count(".bar-status") == 1);
        browser.script("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
                + "document.dispatchEvent(new Event('visibilitychange'));");
        browser.await("none of a hidden tab", () -> run.server.listeners() == 0);
        browser.openAnother(WindowType.WINDOW, run.url("/"));
        browser.await("the bar there", () -> browser.count(".bar-status") == 1);
        browser.await("its stream", () -> run.server.listeners() == 1);
        run.published.set(ended(State.FINISHED, null));
        run.endPatiently();
        awaitEnding("Finished 15 of 15 · saved step-400");
        browser.closeOthers();
        awaitEnding("Finished 15 of 15 · saved step-400");
        browser.awaitTitle("Finished – Perdure");
    }

    @Test
    void aHiddenTabAloneListensForTheEndOnceThatIsNear() throws Exception {
        TrainingStatus running = ServerUnderTest.running(15, 15, 4.5);
        TrainingProgress progress = running.progress();
        TrainingProgress.Speed near = new TrainingProgress.Speed(20_500.0, 8L, 21.0, 63.0, 2, null);
        run.published.set(running);
        browser.await("the bar", () -> browser.count(".bar-status") == 1);
        browser.script("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
                + "document.dispatchEvent(new Event('visibilitychange'));");
        browser.await("none of a hidden tab", () -> run.server.listeners() == 0);
        run.published.set(new TrainingStatus(
                true,
                15,
                15,
                4.5,
                new TrainingProgress(
                        State.TRAINING,
                        null,
                        progress.position(),
                        near,
                        progress.quality(),
                        progress.saved(),
                        null,
                        null),
                running.run()));
        browser.await("the time left", () -> browser.text(".bar-detail").contains("8 s left"));
        browser.await("its stream", () -> run.server.listeners() == 1); // Long before the next poll.
        run.published.set(ended(State.FINISHED, null));
        run.endPatiently();
        awaitEnding("Finished 15 of 15 · saved step-400");
    }

    @Test
    void aFlatCurveIsShownInAWayThatShowsMore(@TempDir Path flat) throws Exception {
        run.close();
        history(flat, step -> 3.2 + 7 * Math.exp(-step / 10.0) - step * 1e-4);
        serve(flat);
        browser.await("the chat", () -> browser.count(".composer") == 1);
        browser.press("Curve");
        browser.await("the half", () -> browser.text(".curve-summary").endsWith("The last half is shown."));
        history(flat, step -> 7 * Math.exp(-step / 60.0));
        browser.reload();
        browser.await("the axis", () -> browser.text(".curve-summary").endsWith("The axis is logarithmic."));
        browser.click(".curve-head option[value=whole]");
        browser.await("the whole", () -> !browser.text(".curve-summary").contains("logarithmic"));
        browser.reload();
        browser.await(
                "the choice",
                () -> browser.text(".curve-summary").contains("400 steps")
                        && !browser.text(".curve-summary").contains("logarithmic"));
    }

    private static void history(Path folder, IntToDoubleFunction loss) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int step = 1; step <= 400; step++) {
            lines.append("{\"step\":" + step + ",\"epoch\":0,\"loss\":" + loss.applyAsDouble(step)
                    + ",\"learning_rate\":0.001,\"gradient_norm\":1.5,\"tokens\":640}\n");
        }
        Files.writeString(folder.resolve("loss_history.jsonl"), lines);
    }

    @Test
    void aHiddenTabCountsInItsTitle() throws Exception {
        run.published.set(ServerUnderTest.running(7, 15, 4.5));
        browser.await("the bar", () -> browser.count(".bar-status") == 1);
        browser.script("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
                + "document.dispatchEvent(new Event('visibilitychange'));");
        run.published.set(ServerUnderTest.running(8, 15, 4.4));
        browser.awaitTitle("46 % – epoch 8/15 – Perdure");
    }

    @Test
    void explainsWhyNothingAnswersYet(@TempDir Path empty) throws Exception {
        run.close();
        serve(empty);
        ask(QUESTION);
        browser.await("the reason", () -> browser.text(".error").contains("has not saved a checkpoint yet"));
    }

    @Test
    void answersAndKeepsTheConversationOverAReload() throws Exception {
        ask(QUESTION);
        awaitAnswer(ANSWER);
        browser.await("its source", () -> browser.text(".note").matches("epoch 4, training loss 0\\.\\d+"));
        browser.reload();
        awaitAnswer(ANSWER);
        assertEquals(QUESTION, browser.text(".question .text"));
        browser.assertAccessible();
        browser.assertQuiet();
        browser.press("New");
        browser.await("a new conversation", () -> browser.count(".welcome") == 1);
        browser.assertAccessible();
    }

    @Test
    void showsMarkupAsText() throws Exception {
        ask("Who are you?");
        awaitAnswer("I am <b>small</b>.");
        assertEquals(0, browser.count(".answer b"));
        browser.assertQuiet();
    }

    @Test
    void editsAndResendsWithTheKeyboardAlone() throws Exception {
        ask("Who are you?");
        awaitAnswer("I am <b>small</b>.");
        for (int tabs = 0; tabs < 20 && !"Edit".equals(browser.focused().getDomAttribute("aria-label")); tabs++) {
            browser.focused().sendKeys(Keys.chord(Keys.SHIFT, Keys.TAB));
        }
        browser.focused().sendKeys(Keys.ENTER);
        browser.await("the editor", () -> browser.count(".editor textarea") == 1);
        browser.focused().sendKeys(Keys.chord(Keys.CONTROL, "a"), QUESTION, Keys.ENTER);
        awaitAnswer(ANSWER);
        assertEquals(1, browser.count(".answer"));
        assertEquals(QUESTION, browser.text(".question .text"));
    }

    private void beginAnEndlessAnswer(Path endless) throws Exception {
        SavedModel.commitSlow(endless, 3);
        browser.rest(); // A page whose server closes fills the console.
        run.close();
        serve(endless);
        browser.script("localStorage.setItem('perdure.settings', '{\"maximumTokens\":8192,\"temperature\":0}')");
        browser.reload();
        ask("Hello");
        browser.await("text", () -> browser.text(".growing .text").length() > 20);
    }

    @Test
    void stopsAnAnswer(@TempDir Path endless) throws Exception {
        beginAnEndlessAnswer(endless);
        String early = browser.text(".growing .text");
        browser.await("more text", () -> browser.text(".growing .text").length() > early.length());
        browser.press("Stop");
        browser.await("the stop", () -> browser.text(".note").contains("stopped"));
        assertEquals(0, browser.count(".growing"));
        browser.await("the server's stop", () -> run.get("/metrics").body().contains("outcome=\"cancelled\"} 1.0"));
        browser.assertQuiet();
    }

    /** A page breaks its requests off when it is left, which is no failure of the server. */
    @Test
    void anAnswerThatAReloadInterruptsIsUnfinished(@TempDir Path endless) throws Exception {
        beginAnEndlessAnswer(endless);
        browser.reload();
        browser.await("the answer", () -> browser.count(".answer") == 1);
        assertEquals(0, browser.count(".error"));
        assertTrue(browser.text(".note").endsWith("unfinished"), browser.text(".note"));
    }

    @Test
    void whatCanBePressedIsSeenInHighContrast() throws Exception {
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        browser.await("the bar", () -> browser.count(".bar-stop") == 1);
        browser.highContrast();
        for (String drawn : List.of(".send", ".bar-stop")) {
            assertEquals(
                    true,
                    browser.script("return getComputedStyle(document.querySelector('" + drawn + "'), '::before')"
                            + ".backgroundColor !== getComputedStyle(document.body).backgroundColor"),
                    drawn);
        }
    }

    @Test
    void drawsTheCurveOfTheWholeRun() throws Exception {
        browser.await("the chat", () -> browser.count(".composer") == 1);
        browser.press("Curve");
        browser.await("five plots", () -> browser.count(".curve canvas") == 5);
        browser.await("data", () -> browser.text(".curve-summary").matches("From \\d.\\d\\d to 0.\\d+ in 240 steps.*"));
        assertTrue(browser.text(".curve-values").contains("1 restart"));
        assertEquals(4, browser.count(".curve tbody tr"));
        assertTrue(painted() > 500, painted() + " points are painted");
        for (String view : List.of("logarithmic", "half", "tenth", "whole")) {
            browser.click(".curve-head option[value=" + view + "]");
            browser.await(view, () -> browser.count(".curve canvas") == 5 && painted() > 500);
        }
        String csv = (String) browser.script("return fetch('training/history').then(r => r.json())"
                + ".then(history => import('/page/curve-files.js').then(file => file.csv(history)))");
        assertTrue(csv.startsWith("step,epoch,training_loss_of_step,learning_rate,"), csv);
        assertTrue(csv.contains("\n240,4,"), csv);
        browser.press("CSV");
        browser.press("PNG");
        assertEquals(4, browser.count(".samples li"));
        assertEquals(4, browser.count(".small-plots > div:not([hidden])"));
        browser.assertAccessible();
        browser.assertQuiet();
    }

    @Test
    void theCurveFollowsTheEvents(@TempDir Path growing) throws Exception {
        run.close();
        Path history = growing.resolve("loss_history.jsonl");
        String line =
                "{\"step\":%d,\"epoch\":0,\"loss\":5.5,\"learning_rate\":0.001,\"gradient_norm\":1.5,\"tokens\":640}\n";
        Files.writeString(history, line.formatted(1));
        serve(growing);
        browser.await("the chat", () -> browser.count(".composer") == 1);
        browser.press("Curve");
        browser.await("the first step", () -> browser.text(".curve-summary").contains(" 1 step"));
        Files.writeString(history, line.formatted(1) + line.formatted(2));
        run.published.set(ServerUnderTest.running(1, 15, 5.5));
        browser.await("the second step", () -> browser.text(".curve-summary").contains(" 2 steps"));
    }

    /** How many points of the loss plot are not blank. */
    private long painted() {
        return (Long) browser.script("const plot = document.querySelector('.curve canvas');"
                + "const copy = new OffscreenCanvas(plot.width, plot.height).getContext('2d', {willReadFrequently: true});"
                + "copy.drawImage(plot, 0, 0);"
                + "const data = copy.getImageData(0, 0, plot.width, plot.height).data;"
                + "let count = 0; for (let i = 3; i < data.length; i += 4) if (data[i]) count++; return count;");
    }

    @Test
    void saysSinceWhenTheServerIsGoneAndComesBack() throws Exception {
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        browser.await("the bar", () -> browser.count(".bar-status") == 1);
        int port = run.server.port();
        run.close();
        browser.await("word of it", () -> browser.text(".bar-seen").matches("\\d+ s ago"));
        assertEquals(
                "The connection is lost. Last seen: epoch 7/15, step 420, training loss 4.9400 · saved step-400",
                browser.text(".bar-end"));
        browser.awaitTitle("Connection lost – Perdure");
        browser.assertAccessible();
        run = new ServerUnderTest(trained, ServerOptions.local(port));
        run.published.set(ServerUnderTest.running(8, 15, 4.9));
        browser.await("the return", () -> browser.text(".bar-status").equals("Epoch 8/15 – training loss 4.9000"));
        assertEquals(0, browser.count(".bar-seen"));
    }

    @Test
    void asksForTheTokenOfAServerThatHasOne() throws Exception {
        run.close();
        run = new ServerUnderTest(trained, new ServerOptions("127.0.0.1", 0, "secret"));
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        browser.open(run.url("/"));
        browser.await("the question", () -> browser.count("dialog input") == 1);
        browser.assertAccessible();
        browser.find("dialog input").sendKeys(Keys.ESCAPE);
        browser.await("the question again", () -> browser.count("dialog[open]") == 1);
        browser.find("dialog input").sendKeys("geheim für alle" + Keys.ENTER);
        assertEquals(1, browser.count("dialog input:invalid"), "No header has such characters.");
        browser.find("dialog input").clear();
        browser.find("dialog input").sendKeys("wrong" + Keys.ENTER);
        browser.await("the refusal", () -> browser.text("dialog .error").equals("The server refused this token"));
        browser.find("dialog input").sendKeys("secret" + Keys.ENTER);
        browser.await("the bar", () -> browser.count(".bar-status") == 1);
        ask(QUESTION);
        awaitAnswer(ANSWER);
        browser.press("Curve");
        browser.await("the curve", () -> browser.text(".curve-summary").contains("240 steps"));
        browser.reload();
        browser.await("the bar again", () -> browser.count(".bar-status") == 1);
        assertEquals(0, browser.count("dialog"));
    }

    @Test
    void looksWell() throws Exception {
        browser.await("the chat", () -> browser.count(".welcome") == 1);
        browser.screenshot("welcome");
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        ask(QUESTION);
        awaitAnswer(ANSWER);
        ask(OTHER_QUESTION);
        awaitAnswer(OTHER_ANSWER);
        browser.await("the bar", () -> browser.count(".bar-detail") == 1);
        for (String scheme : List.of("light", "dark")) {
            browser.dark(scheme.equals("dark"));
            for (int width : List.of(390, 360, 320)) {
                browser.size(width, 780);
                browser.screenshot(scheme + "-" + width);
                assertNoCuts();
            }
            browser.size(1280, 800);
            browser.assertAccessible();
            browser.press("Curve");
            browser.await("the curve", () -> browser.text(".curve-summary").contains("240 steps") && painted() > 500);
            browser.screenshot(scheme + "-wide");
            browser.size(390, 780);
            browser.screenshot(scheme + "-narrow-curve");
            assertNoCuts();
            browser.size(1280, 800);
            browser.press("Settings");
            browser.await("the settings", () -> browser.count("dialog") == 1);
            browser.assertAccessible();
            browser.screenshot(scheme + "-settings");
            browser.press("Done");
            browser.press("Curve");
        }
        browser.assertQuiet();
    }

    /** The page is no wider than the window, the bar has one line, and what is pressed there has 44 pixels. */
    private void assertNoCuts() {
        assertFalse((Boolean) browser.script("return document.documentElement.scrollWidth > innerWidth"));
        assertFalse((Boolean) browser.script(
                "const bar = document.querySelector('.bar-line'); return bar.scrollWidth > bar.clientWidth"));
        assertEquals(44L, browser.script("return document.querySelector('.bar-line').clientHeight"));
        assertEquals(
                List.of(),
                browser.script(
                        "return [...document.querySelectorAll('.bar button, .head button, .curve button, .curve select')]"
                                + ".filter(each => each.offsetHeight > 0 && each.offsetHeight < 44).map(each => each.outerHTML)"));
    }
}
