package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A real Chromium without a window, and what a person would do and see in it. */
final class Browser implements AutoCloseable {

    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> SWITCHES = List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-color-profile=srgb");

    private final ChromeDriver driver;

    /** @param profile a fresh folder; the test is skipped where there is no browser */
    Browser(Path profile) {
        assumeTrue(
                Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
                CHROMIUM + " and " + DRIVER
                        + " are not both here: Debian's packages chromium and chromium-driver have them");
        LoggingPreferences logging = new LoggingPreferences();
        logging.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(CHROMIUM.toFile());
        options.addArguments(SWITCHES);
        options.addArguments("--user-data-dir=" + profile);
        options.setCapability("goog:loggingPrefs", logging);
        File executable = DRIVER.toFile();
        driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(executable)
                        .withTimeout(PATIENCE)
                        .build(),
                options);
        // What is to be pressed or written into appears a moment after what led to it.
        driver.manage().timeouts().implicitlyWait(PATIENCE).scriptTimeout(PATIENCE);
        // Runs before each page's own scripts.
        String watch = "window.violations = [];"
                + "addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI));";
        driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", watch));
    }

    /** Leaves the page, and begins anew with a common window and an empty console. */
    void rest() {
        driver.get("about:blank");
        dark(false);
        size(1280, 800);
        driver.manage().logs().get(LogType.BROWSER);
    }

    void open(String address) {
        driver.get(address);
    }

    void reload() {
        driver.navigate().refresh();
    }

    /** Opens another tab, or a window of its own, and goes on in it. */
    void openAnother(WindowType type, String address) {
        driver.switchTo().newWindow(type);
        driver.get(address);
    }

    /** Hides the window: without a screen, another tab in front of it does not. */
    void minimize() {
        driver.executeCdpCommand("Emulation.setFocusEmulationEnabled", Map.of("enabled", false));
        driver.manage().window().minimize();
    }

    void restore() {
        driver.manage().window().maximize();
    }

    /** Goes on in one of the tabs and windows, by the order in which they were opened. */
    void goTo(int tab) {
        driver.switchTo().window(List.copyOf(driver.getWindowHandles()).get(tab));
    }

    /** Closes all tabs and windows but the first. */
    void closeOthers() {
        while (driver.getWindowHandles().size() > 1) {
            goTo(driver.getWindowHandles().size() - 1);
            driver.close();
        }
        goTo(0);
    }

    void size(int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    }

    void dark(boolean dark) {
        Map<String, String> scheme = Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light");
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
    }

    /** Few colours, which are not the page's, as people choose them who see little. */
    void highContrast() {
        Map<String, String> few = Map.of("name", "forced-colors", "value", "active");
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of(few)));
    }

    /** Shows the page as it would be printed. */
    void paper(boolean paper) {
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("media", paper ? "print" : ""));
    }

    /** Takes downloads without a question. */
    void downloadTo(Path folder) {
        driver.executeCdpCommand(
                "Browser.setDownloadBehavior", Map.of("behavior", "allow", "downloadPath", folder.toString()));
    }

    WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    /** The one that has the keyboard. */
    WebElement focused() {
        return driver.switchTo().activeElement();
    }

    void click(String selector) {
        find(selector).click();
    }

    /** A button by what is written on it. */
    void press(String label) {
        driver.findElement(By.xpath("//button[normalize-space()='" + label + "' or @aria-label='" + label + "']"))
                .click();
    }

    /** What can be read at all that fits, one line each. */
    String text(String selector) {
        return String.valueOf(driver.executeScript(
                "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent).join('\\n')", selector));
    }

    /** How many there are now. */
    int count(String selector) {
        return ((Long) driver.executeScript("return document.querySelectorAll(arguments[0]).length", selector))
                .intValue();
    }

    Object script(String script) {
        return driver.executeScript(script);
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    /** Fails with what the page shows if the condition does not come to hold. */
    void await(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > end) {
                throw new AssertionError(what + " did not come; the page shows:\n" + text("#app"));
            }
            Thread.sleep(50);
        }
    }

    /** The title of the tab, which follows what the page shows. */
    void awaitTitle(String title) throws Exception {
        await("the title " + title, () -> title.equals(script("return document.title")));
    }

    void assertAccessible() throws IOException {
        try (InputStream axe = Browser.class.getResourceAsStream("/axe.min.js")) {
            driver.executeScript(new String(axe.readAllBytes(), StandardCharsets.UTF_8));
        }
        Object violations = driver.executeAsyncScript(
                "const done = arguments[0];"
                        + "axe.run().then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ')).join('\\n')))");
        assertEquals("", violations);
    }

    /** Nothing in the console, and nothing that the content security policy kept back. */
    void assertQuiet() {
        List<String> messages = driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(Object::toString)
                .toList();
        assertEquals(List.of(), messages);
        assertEquals(List.of(), driver.executeScript("return window.violations"));
    }

    void screenshot(String name) throws IOException {
        Path file = Path.of("target", "page", name + ".png");
        Files.createDirectories(file.getParent());
        Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
