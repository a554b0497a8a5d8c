package perdure.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageHandlerTest {

    private static final Pattern LINK = Pattern.compile("(?:src=|href=|from |import\\()['\"]([^'\"]+)['\"]");
    private static final Map<String, String> MAPPED =
            Map.of("preact", "/library/preact.js", "preact/hooks", "/library/hooks.js", "uplot", "/library/uplot.js");

    @TempDir
    Path folder;

    @AutoClose
    private ServerUnderTest run;

    @BeforeEach
    void start() {
        run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, "secret"));
    }

    @Test
    void everythingThatThePageNamesIsServedHereAndWithoutTheToken() throws Exception {
        Deque<String> open = new ArrayDeque<>(List.of("/"));
        Set<String> seen = new LinkedHashSet<>(open);
        while (!open.isEmpty()) {
            String path = open.pop();
            HttpResponse<String> answer = run.get(path);
            assertEquals(200, answer.statusCode(), path);
            Matcher link = LINK.matcher(path.startsWith("/library/") ? "" : answer.body());
            while (link.find()) {
                // A proxy may put the page under a path, so no link may begin at the root.
                assertFalse(link.group(1).startsWith("/"), path + " names " + link.group(1));
                String target = MAPPED.getOrDefault(
                        link.group(1), URI.create(path).resolve(link.group(1)).getPath());
                if (!target.startsWith("/training/") && seen.add(target)) {
                    open.push(target);
                }
            }
        }
        assertTrue(seen.containsAll(MAPPED.values()) && seen.contains("/page/plot.js"), seen.toString());
    }

    @Test
    void everyFileOfThePageIsServed() throws Exception {
        for (String name : Path.of("src/main/resources/web").toFile().list()) {
            assertTrue(name.equals("index.html") || PageHandler.OWN.contains(name), name);
        }
    }

    @Test
    void thePolicyAllowsTheImportMapAndNothingElseInline() throws Exception {
        HttpResponse<String> page = run.get("/");
        assertEquals(
                "text/html; charset=utf-8",
                page.headers().firstValue("Content-Type").orElseThrow());
        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertTrue(policy.startsWith("default-src 'none'; script-src 'self' 'sha256-"), policy);
        assertFalse(policy.contains("unsafe"), policy);
        assertEquals(1, page.body().split("<script(?![^>]*src=)", -1).length - 1);
        assertFalse(page.body().contains("style="), "nothing styled inline");
    }

    @Test
    void whatTheBrowserHasIsNotSentAgain() throws Exception {
        String tag = run.get("/page/style.css").headers().firstValue("ETag").orElseThrow();
        HttpResponse<String> again = run.get("/page/style.css", "If-None-Match", tag);
        assertEquals(304, again.statusCode());
        assertEquals("", again.body());
        assertEquals(304, run.get("/page/style.css", "If-None-Match", "*").statusCode(), "any that the browser has");
    }

    @Test
    void servesNothingElseOfTheClassPath() throws Exception {
        for (String path : List.of(
                "/page/",
                "/page/index.html",
                "/page/../perdure/model/kernels.cu",
                "/page/%2e%2e/perdure/model/kernels.cu",
                "/page/absent.js",
                "/library/preact",
                "/library/react.js",
                "/web/app.js")) {
            assertEquals(404, run.get(path).statusCode(), path);
        }
    }
}
