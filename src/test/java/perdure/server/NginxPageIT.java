package perdure.server;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The page in a real browser, under a path of a real nginx. */
@Tag("browser")
@Timeout(600)
class NginxPageIT {

    @AutoClose
    private Browser browser;

    @AutoClose
    private ServerUnderTest run;

    @AutoClose
    private Nginx nginx;

    @Test
    void showsTheStatusAndAnswersUnderAPath(@TempDir Path folder, @TempDir Path proxy, @TempDir Path profile)
            throws Exception {
        browser = new Browser(profile);
        browser.rest();
        nginx = new Nginx();
        SavedModel.commit(folder);
        run = new ServerUnderTest(folder, Access.LOCAL.withPublicUrl(nginx.url(nginx.removing, "/perdure/")));
        run.published.set(ServerUnderTest.running(7, 15, 4.94));
        nginx.start(proxy, run.server.port());
        for (int port : List.of(nginx.removing, nginx.leaving)) {
            browser.open(nginx.url(port, "/perdure/"));
            browser.script("localStorage.setItem('perdure/perdure/.settings', '{\"maximumTokens\":5}')");
            browser.script("localStorage.setItem('perdure/perdure/.curve-open', 'true')");
            browser.reload();
            browser.await("the epoch", () -> browser.text("body").contains("7/15"));
            browser.await("the curve", () -> browser.count(".curve-summary") == 1);
            browser.find(".composer textarea").sendKeys("Hello" + Keys.ENTER);
            browser.await("the answer", () -> browser.count(".answer .note") == 1);
            browser.assertQuiet();
        }
    }
}
