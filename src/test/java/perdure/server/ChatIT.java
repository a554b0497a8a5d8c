package perdure.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WindowType;

/** Conversations as a person keeps them in a real browser: several of them, in several tabs, on paper and in files. */
@Tag("browser")
@Timeout(600)
class ChatIT {

    @TempDir
    static Path folder;

    @TempDir
    static Path profile;

    private static Browser browser;

    @AutoClose
    private ServerUnderTest run;

    @BeforeAll
    static void start() {
        browser = new Browser(profile);
        SavedModel.commit(folder);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    /** On a port of its own: nothing that the browser keeps for another belongs to it. */
    @BeforeEach
    void open() throws Exception {
        browser.closeOthers();
        serve(folder);
    }

    private void serve(Path served) throws Exception {
        browser.rest();
        run = new ServerUnderTest(served);
        browser.open(run.url("/"));
        keep("settings", "{\"maximumTokens\":5}");
        reload();
    }

    /** What an earlier page left in this browser, as text. */
    private static void keep(String name, String value) {
        browser.script("localStorage.setItem('perdure." + name + "', " + quoted(value) + ")");
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    private static void reload() throws Exception {
        browser.reload();
        browser.await("the chat", () -> browser.count(".composer textarea") == 1);
    }

    private static void ask(String question) throws Exception {
        int number = browser.count(".answer") + 1;
        browser.find(".composer textarea").sendKeys(question + Keys.ENTER);
        browser.await("the answer", () -> browser.count(".answer") == number && browser.count(".stop") == 0);
    }

    private void openAnotherTab() throws Exception {
        browser.openAnother(WindowType.TAB, run.url("/"));
        browser.size(1280, 800);
        browser.await("the chat", () -> browser.count(".composer textarea") == 1);
    }

    private static String titles() {
        return browser.text(".entry-title");
    }

    @Test
    void eachTabHasAConversationOfItsOwnAndAllAreInTheList() throws Exception {
        ask("First tab");
        openAnotherTab();
        assertEquals(1, browser.count(".welcome"));
        ask("Second tab");
        browser.goTo(0);
        browser.await("both", () -> titles().equals("Second tab\nFirst tab"));
        assertEquals("First tab", browser.text(".question .text"));
        browser.reload();
        browser.await("the first", () -> browser.text(".question .text").equals("First tab"));
        browser.press("Second tab");
        browser.await("the second", () -> browser.text(".question .text").equals("Second tab"));
        browser.assertAccessible();
        browser.assertQuiet();
    }

    @Test
    void twoTabsOfOneConversationSeeEachOtherAndOverwriteNothing(@TempDir Path slow) throws Exception {
        run.close();
        SavedModel.commitSlow(slow, 3);
        serve(slow);
        ask("One");
        openAnotherTab();
        browser.press("One");
        browser.await("the same", () -> browser.text(".question .text").equals("One"));
        ask("Two");
        browser.goTo(0);
        browser.await(
                "what the other added", () -> browser.text(".question .text").equals("One\nTwo"));

        keep("settings", "{\"maximumTokens\":8192,\"temperature\":0}");
        reload();
        browser.find(".composer textarea").sendKeys("From here" + Keys.ENTER);
        browser.await("growth", () -> browser.text(".growing .text").length() > 20);
        browser.goTo(1);
        browser.await("what grows there", () -> browser.text(".question .text").endsWith("From here"));
        browser.find(".composer textarea").sendKeys("From there" + Keys.ENTER);
        browser.await("a copy", () -> titles().contains("One (copy)"));
        browser.press("Stop");
        browser.goTo(0);
        browser.press("Stop");
        browser.await("the ends", () -> browser.count(".stop") == 0);
        assertEquals("One\nTwo\nFrom here", browser.text(".question .text"));
        browser.press("One");
        browser.await("the other", () -> browser.text(".question .text").equals("One\nTwo\nFrom here\nFrom there"));
    }

    @Test
    void renamesDeletesAndBringsBack() throws Exception {
        ask("Old title");
        browser.press("Rename");
        browser.find(".entry-field input").sendKeys("Not this" + Keys.ESCAPE);
        browser.await("the old title", () -> titles().equals("Old title"));
        browser.press("Rename");
        browser.find(".entry-field input").sendKeys("New title" + Keys.ENTER);
        browser.await("the title", () -> titles().equals("New title"));
        browser.press("Delete");
        browser.await("nothing", () -> titles().isEmpty() && browser.count(".welcome") == 1);
        browser.assertAccessible();
        browser.press("Undo");
        browser.await("its return", () -> titles().equals("New title"));
        assertEquals("Old title", browser.text(".question .text"));
        reload();
        assertEquals("New title", titles());
    }

    @Test
    void exportsMarkdownAndJson(@TempDir Path downloads) throws Exception {
        ask("What is it?");
        browser.downloadTo(downloads);
        browser.press("Export as Markdown");
        browser.press("Export as JSON");
        Path markdown = downloads.resolve("What-is-it.md");
        Path json = downloads.resolve("What-is-it.json");
        browser.await("both files", () -> Files.exists(markdown) && Files.exists(json) && Files.size(json) > 0);
        String answer = browser.text(".answer .text");
        String source = "perdure (step-\\d+, epoch 1, training loss 2.31)"
                .replace("(", "\\(")
                .replace(")", "\\)");
        assertTrue(
                Files.readString(markdown)
                        .matches("# What is it\\?\n\n## You\n\nWhat is it\\?\n\n## " + source + "\n\n"
                                + Pattern.quote(answer) + "\n"),
                Files.readString(markdown));
        assertTrue(Files.readString(json, UTF_8).contains("\"role\": \"assistant\""), Files.readString(json));
    }

    @Test
    void theConversationOfAnEarlierVersionIsCarriedOver() throws Exception {
        keep(
                "conversation",
                "[{\"role\":\"user\",\"content\":\"From before\"},{\"role\":\"assistant\",\"content\":\"Yes.\","
                        + "\"finish\":\"stop\",\"checkpoint\":{\"name\":\"step-0000000001\",\"epoch\":1,\"loss\":null}}]");
        reload();
        browser.press("From before");
        browser.await("the answer", () -> browser.text(".answer .text").equals("Yes."));
        reload();
        assertEquals("From before", titles());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "7",
                "\"text\"",
                "[]",
                "[null,1,{}]",
                "{}",
                "{\"format\":1}",
                "{\"format\":1,\"messages\":{}}",
                "{\"format\":1,\"title\":{},\"models\":7,\"messages\":[null,7,[],{\"role\":7},{\"role\":\"user\",\"content\":{}},"
                        + "{\"role\":\"assistant\"},{\"role\":\"assistant\",\"answers\":[]},"
                        + "{\"role\":\"assistant\",\"answers\":[7,null,{\"content\":[],\"checkpoint\":{\"name\":\"x\",\"loss\":\"y\"}}]}]}",
                "{\"format\":99,\"messages\":\"in another form\"}"
            })
    void whateverIsStoredThePageShowsAndAnswers(String stored) throws Exception {
        for (String name : List.of(
                "conversation",
                "conversation.x",
                "settings",
                "curve-open",
                "list-open",
                "curve-view",
                "curve-smoothing",
                "training")) {
            keep(name, stored);
        }
        browser.script("sessionStorage.setItem('perdure.open', 'x')");
        reload();
        ask("Are you there?");
        assertTrue(browser.text(".question .text").endsWith("Are you there?"));
        browser.assertQuiet();
    }

    @Test
    void aConversationOfALaterVersionStaysAsItIs() throws Exception {
        String later = "{\"format\":99,\"messages\":[]}";
        keep("conversation.later", later);
        reload();
        ask("Hello");
        assertEquals(later, browser.script("return localStorage.getItem('perdure.conversation.later')"));
    }

    @Test
    void saysThatThereIsNoRoomAndGoesOn() throws Exception {
        browser.script("let part = 'x'.repeat(1 << 20);"
                + "for (let i = 0; part; i++) try { localStorage.setItem('other' + i, part); }"
                + "catch { part = part.slice(part.length / 2 + 1); }");
        ask("Is there room?");
        browser.await("the warning", () -> browser.text(".warning").contains("no room"));
        assertEquals(1, browser.count(".answer .text"));
        browser.script("localStorage.removeItem('other0')");
        ask("And now?");
        browser.await("its end", () -> browser.count(".warning") == 0);
        browser.script("localStorage.clear()");
    }

    @Test
    void takesEveryNumberAndSendsIt() throws Exception {
        browser.script("window.sent = []; const send = window.fetch;"
                + "window.fetch = (to, options) => { options?.body && sent.push(JSON.parse(options.body).temperature);"
                + " return send(to, options); };");
        for (String typed : List.of("0", "1.5", "2", "0,7", ".05", "1e-3", "")) {
            browser.press("Settings");
            browser.find("#temperature").sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.BACK_SPACE, typed);
            assertEquals("false", browser.find("#temperature").getDomAttribute("aria-invalid"), typed);
            browser.press("Done");
            ask("Hello");
        }
        assertEquals("0,1.5,2,0.7,0.05,0.001,0.3", browser.script("return sent.join()"));
        browser.press("Settings");
        for (String wrong : List.of("2.1", "-1", "much", "1.000,5", "NaN")) {
            browser.find("#temperature").sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.BACK_SPACE, wrong);
            assertEquals("true", browser.find("#temperature").getDomAttribute("aria-invalid"), wrong);
        }
        assertEquals("A number from 0 to 2", browser.text("#temperature-hint"));
        browser.assertAccessible();
    }

    @Test
    void aLongConversationIsSentAsFarAsItFitsAndShowsWhereTheMemoryEnds() throws Exception {
        StringBuilder messages = new StringBuilder();
        String pair = "{\"role\":\"user\",\"content\":\"" + "äx".repeat(2_000)
                + "\"},{\"role\":\"assistant\",\"answers\":[{\"model\":\"perdure\",\"content\":\"Yes\",\"finish\":\"stop\"}]}";
        for (int i = 0; i < 250; i++) {
            messages.append(i == 0 ? "" : ",").append(pair);
        }
        keep("conversation.x", "{\"format\":1,\"messages\":[" + messages + "]}");
        browser.script("sessionStorage.setItem('perdure.open', 'x')");
        reload();
        ask("Still there?");
        assertEquals(0, browser.count(".error"), () -> browser.text(".error"));
        assertEquals(251, browser.count(".exchange"));
        browser.await("its length", () -> browser.text(".tokens").matches("(?s).*\\d{3},\\d{3} / 16,384 tokens"));
        assertEquals(1, browser.count(".exchange:not(.forgotten) .memory"));
        assertEquals(0, browser.count(".exchange:not(.forgotten) + .forgotten"));
        assertTrue(browser.count(".forgotten") > 200, browser.count(".forgotten") + " are forgotten");
    }

    @Test
    void twoCheckpointsAnswerSideBySideAndOneAgain() throws Exception {
        SavedModel.commit(folder, 6, List.of(0L));
        reload();
        ask("One");
        browser.await("its length", () -> browser.text(".tokens").matches("(?s).*\\d\\d / 16,384 tokens"));
        assertEquals(0, browser.count(".memory"));
        browser.press("Two checkpoints side by side");
        browser.find(".composer textarea").sendKeys("Two" + Keys.ENTER);
        browser.await("both", () -> browser.count(".side-by-side .note") == 2 && browser.count(".stop") == 0);
        assertEquals("Newest: step-0000000006\nstep-0000000003", browser.text(".answer-model"));
        browser.assertAccessible();
        browser.size(320, 600);
        browser.await("the narrow page", () -> browser.count(".list") == 0);
        assertFits();
        browser.size(1280, 800);
        browser.script("window.sent = []; const send = window.fetch;"
                + "window.fetch = (to, options) => { options?.body && sent.push(JSON.parse(options.body).model);"
                + " return send(to, options); };");
        browser.click(".answer:last-child [aria-label='Try again']");
        browser.await("the answer", () -> browser.count(".stop") == 0 && browser.count(".side-by-side .note") == 2);
        assertEquals("perdure:step-0000000003", browser.script("return sent.join()"));
        browser.press("Two checkpoints side by side");
        browser.find(".composer textarea").sendKeys("Three" + Keys.ENTER);
        browser.await("one", () -> browser.count(".answer") == 4 && browser.count(".stop") == 0);
        browser.assertQuiet();
    }

    @Test
    void aCheckpointThatIsGoneIsToldBesideItsQuestion() throws Exception {
        keep(
                "conversation.x",
                "{\"format\":1,\"models\":[\"perdure:step-0000000001\"],\"messages\":["
                        + "{\"role\":\"user\",\"content\":\"Hello\"},{\"role\":\"assistant\",\"content\":\"Yes\",\"finish\":\"stop\"}]}");
        browser.script("sessionStorage.setItem('perdure.open', 'x')");
        reload();
        ask("Still there?");
        assertTrue(browser.text(".answer .error").contains("step-0000000001"), browser.text(".answer"));
        assertTrue(browser.text(".model").contains("no longer kept"), browser.text(".model"));
    }

    @Test
    void printingPrintsTheWholeConversationAndNothingElse() throws Exception {
        for (int i = 0; i < 12; i++) {
            ask("Question " + i);
        }
        browser.paper(true);
        assertTrue((Boolean) browser.script("return document.documentElement.scrollHeight > innerHeight"));
        assertTrue((Boolean) browser.script(
                "return [...document.querySelectorAll('.text, .note')].every(e => e.checkVisibility())"));
        assertFalse((Boolean) browser.script(
                "return [...document.querySelectorAll('button, textarea, input')].some(e => e.checkVisibility())"));
        browser.paper(false);
    }

    @Test
    void isWholeOnTheNarrowestPhoneAndMadeForFingers() throws Exception {
        keep(
                "conversation.x",
                "{\"format\":1,\"messages\":[{\"role\":\"user\",\"content\":\"" + "long".repeat(100)
                        + "\"},{\"role\":\"assistant\",\"answers\":[{\"content\":\"שלום, עולם! if (x) { return "
                        + "y".repeat(300) + "; }\",\"finish\":\"stop\"}]}]}");
        browser.script("sessionStorage.setItem('perdure.open', 'x')");
        browser.size(320, 600);
        reload();
        assertFits();
        browser.press("Curve");
        browser.await("the curve", () -> browser.count(".curve") == 1);
        browser.press("Conversations"); // Which the curve covers.
        browser.await("the list", () -> browser.count("dialog .entry") == 1 && browser.count(".curve") == 0);
        assertFits();
        browser.assertAccessible();
        browser.press("Close the list");
        browser.press("Settings");
        assertFits();
        browser.press("Done");
        browser.press("Edit");
        assertFits();
    }

    private static void assertFits() {
        assertEquals(
                "",
                browser.script("const wrong = [];"
                        + "if (document.documentElement.scrollWidth > innerWidth) wrong.push('the page is too wide');"
                        + "for (const e of document.querySelectorAll('button, select, input, textarea, summary, a')) {"
                        + "  const {width, height, left, right} = e.getBoundingClientRect();"
                        + "  if (e.checkVisibility() && (width < 43.5 || height < 43.5 || left < 0 || right > innerWidth + .5))"
                        + "    wrong.push(e.outerHTML.slice(0, 99) + ' ' + [width, height, left, right]);"
                        + "} return wrong.join('\\n')"));
    }

    @Test
    void anErrorStandsBesideItsQuestionWithTheServersReason() throws Exception {
        keep("settings", "{\"systemPrompt\":\"" + "x".repeat(1_100_000) + "\"}");
        reload();
        ask("Hello");
        assertTrue(browser.text(".answer .error").contains("bytes"), browser.text(".answer"));
        assertEquals(1, browser.count("[aria-label='Try again']"));
    }
}
