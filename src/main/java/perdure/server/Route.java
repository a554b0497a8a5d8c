package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import java.util.stream.Stream;

/**
 * A line of the routing table.
 *
 * @param path exact, or ending in {@code /*} for everything below
 * @param handler starts on the only I/O thread of the server. Whatever reads files or waits there delays every request,
 *     so a handler moves such work to another thread
 */
record Route(HttpString method, String path, HttpHandler handler) {

    /** A route for GET, which answers HEAD as well. */
    static Route get(String path, HttpHandler handler) {
        return new Route(Methods.GET, path, handler);
    }

    static Route post(String path, HttpHandler handler) {
        return new Route(Methods.POST, path, handler);
    }

    boolean matches(String requested) {
        return path.endsWith("/*")
                ? requested.startsWith(path.substring(0, path.length() - 1))
                : requested.equals(path);
    }

    /** A method has a case (RFC 9110, section 9.1), though Undertow's strings compare without it. */
    boolean accepts(HttpString requested) {
        return methods().anyMatch(known -> known.toString().equals(requested.toString()));
    }

    /** Undertow leaves the body out of an answer to HEAD. */
    Stream<HttpString> methods() {
        return method.equals(Methods.GET) ? Stream.of(Methods.GET, Methods.HEAD) : Stream.of(method);
    }
}
