package perdure.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WindowType;

/** Many tabs of one browser, which opens only six connections to a server. */
@Tag("browser")
@Timeout(600)
class TabsIT {

    @TempDir
    Path folder;

    @TempDir
    Path profile;

    private Browser browser;
    private ServerUnderTest run;

    @BeforeEach
    void start() throws IOException {
        browser = new Browser(profile);
        SavedModel.commit(folder);
        history(1);
        run = new ServerUnderTest(folder);
        run.published.set(ServerUnderTest.running(1, 15, 5.5));
    }

    @AfterEach
    void stop() {
        if (browser != null) {
            browser.close();
        }
        run.close();
    }

    private void history(int steps) throws IOException {
        String line =
                "{\"step\":%d,\"epoch\":0,\"loss\":5.5,\"learning_rate\":0.001,\"gradient_norm\":1.5,\"tokens\":640}\n";
        StringBuilder lines = new StringBuilder();
        for (int step = 1; step <= steps; step++) {
            lines.append(line.formatted(step));
        }
        Files.writeString(folder.resolve("loss_history.jsonl"), lines);
    }

    private void openWithCurve(WindowType type) throws Exception {
        browser.openAnother(type, run.url("/"));
        browser.size(1280, 800);
        browser.script("localStorage.setItem('perdure.settings', '{\"maximumTokens\":5}')");
        browser.script("localStorage.setItem('perdure.curve-open', 'true')");
        browser.reload();
        browser.await("the curve", () -> browser.text(".curve-summary").contains("step"));
    }

    @Test
    void sevenVisibleWindowsWithTheCurveShareOneStream() throws Exception {
        for (int window = 1; window <= 7; window++) {
            openWithCurve(WindowType.WINDOW);
        }
        browser.await("one stream", this::oneStream);
        history(2);
        run.published.set(ServerUnderTest.running(2, 15, 5.4));
        for (int window = 1; window <= 7; window++) {
            browser.goTo(window);
            browser.await(
                    "the second step", () -> browser.text(".curve-summary").contains(" 2 steps"));
        }
        browser.find(".composer textarea").sendKeys("Hello" + Keys.ENTER);
        browser.await("the answer", () -> browser.count(".answer .note") == 1);
    }

    @Test
    void aHiddenTabHoldsNoStreamAndComesBackWhenItIsShown() throws Exception {
        openWithCurve(WindowType.WINDOW);
        browser.await("a stream", this::oneStream);
        browser.minimize();
        browser.await("its disappearance", () -> (Boolean) browser.script("return document.hidden"));
        browser.await("none of the hidden tab", () -> run.server.listeners() == 0);
        history(2);
        run.published.set(ServerUnderTest.running(2, 15, 5.4));
        browser.restore();
        browser.await("the second step", () -> browser.text(".curve-summary").contains(" 2 steps"));
        browser.await("the stream", this::oneStream);
    }

    private boolean oneStream() {
        return run.server.listeners() == 1;
    }
}
