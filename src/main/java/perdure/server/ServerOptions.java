package perdure.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import perdure.server.openai.ModelNames;

/**
 * Where the server listens and who may use it. Every error names the value.
 *
 * @param host name or address to listen on; any but loopback requires a token
 * @param port 0 takes a free one
 * @param access who may use it, under which names
 * @param limits what clients may use
 * @param models the names that clients may use
 */
public record ServerOptions(String host, int port, Access access, Limits limits, ModelNames models) {

    public ServerOptions {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port " + port + " is not from 0 to 65535.");
        }
        if (access.token() == null && !resolve(host).isLoopbackAddress()) {
            throw new IllegalArgumentException("host " + host
                    + " can be reached from other machines and therefore needs a token; 127.0.0.1 does not.");
        }
    }

    /**
     * Without aliases of the model.
     *
     * @param token null: none is needed
     */
    public ServerOptions(String host, int port, String token, Limits limits) {
        this(host, port, Access.LOCAL.withToken(token), limits, ModelNames.WITHOUT_ALIASES);
    }

    /** Default limits. */
    public ServerOptions(String host, int port, String token) {
        this(host, port, token, Limits.standard());
    }

    /** On loopback, without a token. */
    public static ServerOptions local(int port) {
        return new ServerOptions("127.0.0.1", port, null);
    }

    /** The host as it appears in a URL and in the Host header: an IPv6 address is in brackets. */
    String hostInUrl() {
        return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    InetAddress address() {
        return resolve(host);
    }

    private static InetAddress resolve(String host) {
        if (host == null || host.isBlank()) {
            throw new IllegalArgumentException("The host is empty.");
        }
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException("There is no host " + host + ".", unknown);
        }
    }
}
