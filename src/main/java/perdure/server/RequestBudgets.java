package perdure.server;

import com.sun.management.OperatingSystemMXBean;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Methods;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Gives every request one of four {@linkplain ProcessorBudget budgets}, so that requests of one kind never wait for
 * those of another. While something trains or a chat is answered, each is half a percent of one core, or a tenth of a
 * core if one is idle. Else there is nothing to slow down.
 */
final class RequestBudgets implements HttpHandler {

    /** Ratio of the length of a round to its work while every core is busy. */
    private static final int SCARCE = 200;

    /** The same while at least half a core is idle. */
    private static final int AMPLE = 10;

    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final OperatingSystemMXBean MACHINE =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final BooleanSupplier computing;
    private final HttpHandler next;
    private final ProcessorBudget polls = new ProcessorBudget(this::ratio, 1, 32, LONGEST_NANOS);
    private final ProcessorBudget documents = new ProcessorBudget(this::ratio, 2, 2, LONGEST_NANOS);
    private final ProcessorBudget page = new ProcessorBudget(this::ratio, 32, 64, LONGEST_NANOS);
    private final ProcessorBudget completions = new ProcessorBudget(this::ratio, 8, 2, LONGEST_NANOS);

    /** The fields below belong to the I/O thread. */
    private long looked; // when the load of the machine was last read, by System.nanoTime

    private int ratio = SCARCE;

    /** @param computing whether something trains or a chat is answered */
    RequestBudgets(BooleanSupplier computing, HttpHandler next) {
        this.computing = computing;
        this.next = next;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        of(exchange).handle(exchange, next);
    }

    /** By the end of the path, since a proxy may put something before it. */
    private ProcessorBudget of(HttpServerExchange exchange) {
        String path = exchange.getRequestPath();
        if (path.contains("/v1/")) {
            return exchange.getRequestMethod().equals(Methods.POST) ? completions : documents;
        } else if (path.endsWith("/history") || path.endsWith("/metrics") || path.endsWith("/events")) {
            return documents;
        } else if (path.endsWith("/") || path.contains("/page/") || path.contains("/library/")) {
            return page;
        }
        return polls;
    }

    /** Reads the load of the machine, the mean since the last time, at most once per second. */
    private int ratio() {
        if (!computing.getAsBoolean()) {
            return 0;
        }
        long now = System.nanoTime();
        if (now - looked >= LOOK_NANOS) {
            looked = now;
            double load = MACHINE.getCpuLoad(); // negative if it is not known
            boolean idle = load >= 0 && (1 - load) * MACHINE.getAvailableProcessors() >= 0.5;
            ratio = idle ? AMPLE : SCARCE;
        }
        return ratio;
    }
}
