package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import perdure.bundled.PlainQuestions;
import perdure.bundled.PlainQuestions.PlainQuestion;

/** A newcomer's first conversation with the default run, on the page as it comes: its own settings, no second try. */
@Tag("browser")
@Timeout(600)
class PlainQuestionsIT {

    private static final String LAST_ANSWER_SHOWS = "return document.documentElement.scrollHeight <= innerHeight"
            + " && document.querySelector('.exchange:last-child .answer').getBoundingClientRect().bottom"
            + " <= document.querySelector('.composer').getBoundingClientRect().top";

    @Test
    @EnabledIfSystemProperty(
            named = "perdure.run",
            matches = ".+",
            disabledReason = "-Dperdure.run=DIR names a run that scripts/train --epochs 10 trained")
    void areAnsweredRightlyOnThePage(@TempDir Path profile) throws Exception {
        Process serve = serve(System.getProperty("perdure.run"));
        try (AutoCloseable end = serve::destroy;
                Browser browser = new Browser(profile)) {
            browser.size(1280, 1400);
            browser.open(address(serve));
            browser.await("the composer", () -> browser.count(".composer textarea") == 1);
            List<String> wrong = new ArrayList<>();
            for (PlainQuestion plain : PlainQuestions.ALL) {
                String answer = ask(browser, plain.question());
                if (!answer.equals(plain.answer())) {
                    wrong.add(plain.question() + " -> " + answer);
                }
            }
            browser.screenshot("plain-questions");
            browser.size(1280, 700);
            browser.await("the last answer in view", () -> (Boolean) browser.script(LAST_ANSWER_SHOWS));
            // Another processor rounds differently, and the model that it trains may miss one or two.
            assertTrue(wrong.size() <= 2, String.join("\n", wrong));
            assertEquals(10, browser.count(".answer"));
            browser.assertQuiet();
        }
    }

    private static Process serve(String run) throws IOException {
        return new ProcessBuilder("scripts/serve", "--checkpoints", run, "--port", "0")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** What it tells as soon as it serves. */
    private static String address(Process serve) {
        return serve.inputReader()
                .lines()
                .filter(line -> line.startsWith("Serving "))
                .map(line -> line.substring(line.indexOf("http://")))
                .findFirst()
                .orElseThrow(() -> new AssertionError("scripts/serve serves nothing"));
    }

    /** Types the question; the answer, once it has grown to its end, or the error in its place. */
    private static String ask(Browser browser, String question) throws Exception {
        int number = browser.count(".answer") + 1;
        browser.find(".composer textarea").sendKeys(question + Keys.ENTER);
        browser.await("answer " + number, () -> browser.count(".answer") == number && browser.count(".growing") == 0);
        return browser.text(".exchange:last-child .answer :is(.text, .error)");
    }
}
