package perdure.server;

import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The values of the Host header that name this server, whatever port they give: a tunnel or a proxy may have another
 * one. What this keeps out is a foreign name that was rebound to this machine. Names of the loopback address cannot be
 * rebound, and neither can literal addresses. A server bound to every address cannot list its own, so it accepts every
 * literal one.
 */
final class AllowedHosts {

    private static final Pattern HOST = Pattern.compile("(\\[[0-9a-f:.]+]|[^:\\[\\]]+?)\\.?(:\\d{1,5})?");
    private static final Pattern LOOPBACK =
            Pattern.compile("(.+\\.)?localhost|127(\\.\\d{1,3}){3}|\\[::1]|\\[::ffff:127(\\.\\d{1,3}){3}]");
    private static final Pattern LITERAL_ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");

    private final Set<String> names = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "[::1]"));
    private final boolean everyAddress;

    /** @param boundHost an IPv6 address in brackets */
    AllowedHosts(String boundHost, InetAddress boundAddress, Access access) {
        everyAddress = boundAddress.isAnyLocalAddress();
        if (!everyAddress) {
            names.add(boundHost.toLowerCase(Locale.ROOT));
        }
        names.addAll(access.hosts());
        if (access.publicUrl() != null) {
            names.add(access.publicUrl().getHost().toLowerCase(Locale.ROOT));
        }
    }

    boolean contains(String header) {
        Matcher host = HOST.matcher(header.toLowerCase(Locale.ROOT));
        return host.matches() && names(host.group(1));
    }

    private boolean names(String host) {
        return names.contains(host)
                || LOOPBACK.matcher(host).matches()
                || everyAddress && LITERAL_ADDRESS.matcher(host).matches();
    }

    String describe() {
        return String.join(", ", names) + (everyAddress ? " or a literal address" : "");
    }
}
