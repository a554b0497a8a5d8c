package perdure.server;

import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The values of the Host header that name this server. A server bound to every address cannot list its own addresses,
 * so it accepts every literal address: only a name can be rebound.
 */
final class AllowedHosts {

    private static final Pattern LITERAL_ADDRESS =
            Pattern.compile("(\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+])(:\\d{1,5})?");

    private final Set<String> names = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "[::1]"));
    private final boolean everyAddress;

    /** @param boundHost an IPv6 address in brackets */
    AllowedHosts(String boundHost, InetAddress boundAddress) {
        everyAddress = boundAddress.isAnyLocalAddress();
        names.add(boundHost.toLowerCase(Locale.ROOT));
    }

    /** @param port the port that the request came to; the header may omit it if it is the default port of HTTP */
    boolean contains(String header, int port) {
        String host = header.toLowerCase(Locale.ROOT);
        if (everyAddress && LITERAL_ADDRESS.matcher(host).matches()) {
            return true;
        }
        String suffix = ":" + port;
        return host.endsWith(suffix)
                ? names.contains(host.substring(0, host.length() - suffix.length()))
                : port == 80 && names.contains(host);
    }

    String describe(int port) {
        return names.stream().map(name -> name + ":" + port).collect(Collectors.joining(", "))
                + (everyAddress ? " or a literal address" : "");
    }
}
