package perdure.server;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.AttachmentKey;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.xnio.ChannelListener;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;

/**
 * The open connections, of which there is a limit. Nobody is locked out by others who hold them: one more than the limit
 * closes another. It is one of the address that holds most, and of these the one that has been idle longest; a request
 * whose headers or body are still arriving is idle. If all are being answered, it is the oldest. Streams of events and
 * answers of the model stay: there are limits for their number.
 */
final class Connections implements HttpHandler {

    private static final AttachmentKey<Boolean> STAYS = AttachmentKey.create(Boolean.class);

    private final int most;
    private final HttpHandler next;

    /** Guarded by this. Those that have been as they are for the longest time come first. */
    private final Map<StreamConnection, Open> open = new LinkedHashMap<>();

    /** @param next handles all requests */
    Connections(int most, HttpHandler next) {
        this.most = most;
        this.next = next;
    }

    /** @param request that is being answered, or null */
    private record Open(StreamConnection channel, Object origin, HttpServerExchange request) {

        boolean idle() {
            return request == null || !request.isRequestComplete();
        }

        boolean stays() {
            return !idle() && request.getAttachment(STAYS) != null;
        }
    }

    /** The requests of this handler keep their connection while they are answered. Their number has another limit. */
    static HttpHandler staying(HttpHandler handler) {
        return exchange -> {
            exchange.putAttachment(STAYS, true);
            handler.handleRequest(exchange);
        };
    }

    /** Who is at an address: an address of IPv4, or a network of IPv6, which one client has for itself. */
    static Object origin(SocketAddress peer) {
        InetAddress address = peer instanceof InetSocketAddress internet ? internet.getAddress() : null;
        if (address instanceof Inet6Address) {
            return ByteBuffer.wrap(address.getAddress(), 0, 8);
        }
        return address == null ? "unknown" : address;
    }

    /** Wraps the listener that serves a new connection. Runs on the I/O thread. */
    ChannelListener<StreamConnection> opening(ChannelListener<StreamConnection> serve) {
        return channel -> {
            put(channel, null);
            makeRoom(channel);
            serve.handleEvent(channel);
            ChannelListener<? super StreamConnection> closing = channel.getCloseListener();
            channel.setCloseListener(closed -> {
                remove(closed);
                ChannelListeners.invokeChannelListener(closed, closing);
            });
            if (!channel.isOpen()) {
                remove(channel);
            }
        };
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        StreamConnection channel = ((HttpServerConnection) exchange.getConnection()).getChannel();
        put(channel, exchange);
        exchange.addExchangeCompleteListener((ended, chain) -> {
            put(channel, null);
            chain.proceed();
        });
        next.handleRequest(exchange);
    }

    private synchronized void put(StreamConnection channel, HttpServerExchange request) {
        Open before = open.remove(channel);
        if (channel.isOpen()) {
            Object origin = before == null ? origin(channel.getPeerAddress()) : before.origin;
            open.put(channel, new Open(channel, origin, request));
        }
    }

    private synchronized void remove(StreamConnection channel) {
        open.remove(channel);
    }

    private void makeRoom(StreamConnection newcomer) {
        StreamConnection closed = leastDeserving(newcomer);
        if (closed != null) {
            IoUtils.safeClose(closed);
        }
    }

    /** Null if there is room, or if all stay. Then no further connection is accepted before one of them ends. */
    private synchronized StreamConnection leastDeserving(StreamConnection newcomer) {
        if (open.size() <= most) {
            return null;
        }
        Map<Object, Integer> holds = new HashMap<>();
        open.values().forEach(each -> holds.merge(each.origin, 1, Integer::sum));
        Open found = null;
        for (Open each : open.values()) {
            if (each.channel == newcomer || each.stays()) {
                continue;
            }
            int more = found == null ? 1 : holds.get(each.origin) - holds.get(found.origin);
            if (more > 0 || more == 0 && each.idle() && !found.idle()) {
                found = each;
            }
        }
        return found == null ? null : found.channel;
    }
}
