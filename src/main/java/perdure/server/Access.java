package perdure.server;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Who may use the server, and the names by which it is reached. Every error names the value.
 *
 * @param token clients send it as {@code Authorization: Bearer}; null: none is needed
 * @param hosts names that the Host header may have besides those of this machine, in lower case and without a port
 * @param publicUrl where a proxy offers the server, ending with a slash; null: there is no proxy, or it keeps the Host
 *     header and adds no path
 * @param origins of pages elsewhere whose scripts may read and act, as browsers write them
 */
public record Access(String token, List<String> hosts, URI publicUrl, List<String> origins) {

    /** For this machine alone, without a token. */
    public static final Access LOCAL = new Access(null, List.of(), null, List.of());

    private static final String NAME = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?";
    private static final String HOST = NAME + "(\\." + NAME + ")*|\\[[0-9a-f:.]+]";

    public Access {
        if (token != null && !token.matches("[!-~]+")) {
            throw new IllegalArgumentException("The token is not made of visible ASCII characters without spaces.");
        }
        hosts = hosts.stream().map(Access::hostName).toList();
        publicUrl = publicUrl == null ? null : folder(publicUrl);
        origins = origins.stream().map(Access::origin).toList();
    }

    public Access withToken(String newToken) {
        return new Access(newToken, hosts, publicUrl, origins);
    }

    /** @throws IllegalArgumentException unless it is a name or an address without a port */
    public Access withHost(String name) {
        return new Access(token, Stream.concat(hosts.stream(), Stream.of(name)).toList(), publicUrl, origins);
    }

    /** @throws IllegalArgumentException unless it is a URL of http or https without a query */
    public Access withPublicUrl(String url) {
        return new Access(token, hosts, uri(url, "public URL"), origins);
    }

    /** @throws IllegalArgumentException unless it is scheme, host and perhaps a port */
    public Access withOrigin(String added) {
        return new Access(
                token,
                hosts,
                publicUrl,
                Stream.concat(origins.stream(), Stream.of(added)).toList());
    }

    /** The path under which a proxy offers the server, without a slash at the end; empty if there is none. */
    String prefix() {
        String path = publicUrl == null ? "/" : publicUrl.getPath();
        return path.substring(0, path.length() - 1);
    }

    /** The origin in which a browser sees the page through the proxy, or null. */
    String publicOrigin() {
        return publicUrl == null ? null : origin(publicUrl);
    }

    private static String hostName(String name) {
        String host = name.toLowerCase(Locale.ROOT);
        String bare = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        if (!bare.matches(HOST)) {
            throw new IllegalArgumentException(
                    "host " + name + " must be a name or an address, without a scheme and a port.");
        }
        return bare;
    }

    private static URI folder(URI url) {
        boolean fits = ("http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme()))
                && url.getHost() != null
                && url.getRawUserInfo() == null
                && url.getRawQuery() == null
                && url.getRawFragment() == null
                && url.getRawPath().matches("(/[A-Za-z0-9._~-]+)*/?");
        if (!fits || !url.equals(url.normalize())) {
            throw new IllegalArgumentException(
                    "public URL " + url + " must be like https://example.org/ or https://example.org/path/.");
        }
        return url.getPath().endsWith("/") ? url : URI.create(url + "/");
    }

    private static String origin(String text) {
        URI uri = uri(text, "origin");
        boolean fits = uri.getScheme() != null
                && uri.getRawAuthority() != null
                && uri.getRawUserInfo() == null
                && uri.getRawQuery() == null
                && uri.getRawFragment() == null
                && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"));
        if (!fits) {
            throw new IllegalArgumentException(
                    "origin " + text + " must be exactly one, like https://example.org or http://localhost:3000.");
        }
        return origin(uri);
    }

    /** As browsers write it: in lower case and without the scheme's usual port. */
    private static String origin(URI uri) {
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        String authority = uri.getRawAuthority().toLowerCase(Locale.ROOT);
        String usualPort = scheme.equals("http") ? ":80" : scheme.equals("https") ? ":443" : "";
        return scheme + "://" + CrossOrigin.without(authority, usualPort);
    }

    private static URI uri(String text, String what) {
        try {
            return URI.create(text);
        } catch (IllegalArgumentException malformed) {
            throw new IllegalArgumentException(what + " " + text + " is not a URL.", malformed);
        }
    }
}
