package perdure.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.ETag;
import io.undertow.util.ETagUtils;
import io.undertow.util.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import perdure.server.openai.Responses;

/**
 * The page at {@code /}. Its own files come from {@code web/} on the class path and are served at {@code /page/…}. The
 * libraries that it uses come from their webjars and are served at {@code /library/…}. Nothing of it is secret, so it
 * needs no token.
 */
final class PageHandler implements HttpHandler {

    private static final String INDEX = "/web/index.html";

    /** The other files of {@code web/}, which are served at {@code /page/…}. */
    static final List<String> OWN = List.of(
            "answers.js",
            "app.js",
            "bar.js",
            "chat.css",
            "chat.js",
            "composer.js",
            "conversation.js",
            "conversations.js",
            "copy.js",
            "curve-files.js",
            "curve.js",
            "exchange.js",
            "export.js",
            "facts.js",
            "format.js",
            "history.js",
            "icon.svg",
            "icons.js",
            "list.css",
            "list.js",
            "listen.js",
            "models.js",
            "plot.js",
            "print.css",
            "server.js",
            "settings.js",
            "stored.js",
            "style.css",
            "tab.js",
            "token.js",
            "training.css",
            "training.js",
            "workers.js");

    /** The webjar of each library, and the file in it. */
    private static final Map<String, String[]> LIBRARIES = Map.of(
            "/library/preact.js", new String[] {"preact", "dist/preact.module.js"},
            "/library/hooks.js", new String[] {"preact", "hooks/dist/hooks.module.js"},
            "/library/uplot.js", new String[] {"uplot", "dist/uPlot.esm.js"},
            "/library/uplot.css", new String[] {"uplot", "dist/uPlot.min.css"});

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml");

    /** By path. All are read at once: the jar may be rewritten, by a new build, while this process runs. */
    private final Map<String, Asset> assets = new HashMap<>();

    /** @param tag changes with the content */
    private record Asset(byte[] content, String type, ETag tag) {}

    PageHandler() {
        assets.put("/", load(INDEX));
        OWN.forEach(name -> assets.put("/page/" + name, load("/web/" + name)));
        LIBRARIES.forEach((path, file) -> assets.put(
                path, load("/META-INF/resources/webjars/" + file[0] + "/" + version(file[0]) + "/" + file[1])));
    }

    /** The hash of the only inline script, the import map, for the content security policy: {@code sha256-…}. */
    static String importMapHash() {
        String index = new String(read(INDEX), UTF_8);
        Matcher script = Pattern.compile("<script type=\"importmap\">(.*?)</script>", Pattern.DOTALL)
                .matcher(index);
        if (!script.find()) {
            throw new IllegalStateException(INDEX + " has no import map");
        }
        return "sha256-"
                + Base64.getEncoder().encodeToString(sha256(script.group(1).getBytes(UTF_8)));
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        Asset asset = assets.get(exchange.getRequestPath());
        if (asset == null) {
            Responses.refuse(exchange, 404, "unknown_url", "Nothing is served at this path.");
        } else if (!isKnown(exchange, asset.tag)) {
            Responses.send(exchange, 200, asset.type, asset.content);
        }
    }

    /** Names the version of the answer. Answers with 304 if the client has that one. */
    static boolean isKnown(HttpServerExchange exchange, ETag tag) {
        exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-cache").put(Headers.ETAG, tag.toString());
        // A proxy that compresses makes the tag a weak one.
        boolean known = "*".equals(exchange.getRequestHeaders().getFirst(Headers.IF_NONE_MATCH))
                || !ETagUtils.handleIfNoneMatch(exchange, tag, true);
        if (known) {
            exchange.setStatusCode(304).endExchange();
        }
        return known;
    }

    private static String version(String webjar) {
        String properties = "/META-INF/maven/org.webjars.npm/" + webjar + "/pom.properties";
        try (InputStream in = PageHandler.class.getResourceAsStream(properties)) {
            Properties pom = new Properties();
            pom.load(in);
            return pom.getProperty("version");
        } catch (IOException unreadable) {
            throw new UncheckedIOException(properties, unreadable);
        }
    }

    private static Asset load(String resource) {
        byte[] content = read(resource);
        String type = TYPES.get(resource.substring(resource.lastIndexOf('.') + 1));
        String tag = Base64.getUrlEncoder().encodeToString(sha256(content)).substring(0, 22);
        return new Asset(content, type, new ETag(false, tag));
    }

    private static byte[] read(String resource) {
        try (InputStream in = PageHandler.class.getResourceAsStream(resource)) {
            return in.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(resource, unreadable);
        }
    }

    private static byte[] sha256(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
