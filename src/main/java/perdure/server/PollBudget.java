package perdure.server;

import com.sun.management.OperatingSystemMXBean;
import io.undertow.server.HttpHandler;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Limits polls to half a percent of one core, however often they come, or to a tenth of a core while the machine has an
 * idle core. After a batch of answers the I/O thread rests in proportion to the processor time that they took, while
 * the next requests gather. A client that asks too often is answered later, so that training is not slowed. One wake-up
 * for many requests also costs less than one for each.
 */
final class PollBudget {

    /** Ratio of rest to work while every core is busy. */
    private static final int SCARCE = 199;

    /** Ratio of rest to work while at least half a core is idle. */
    private static final int AMPLE = 9;

    /**
     * Longest rest, which limits how long a client waits. More than about twenty connections that never pause exceed
     * the budget because of it.
     */
    private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean MACHINE =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /** The fields below belong to the I/O thread. */
    private boolean resting;

    private long rested; // processor time of the I/O thread at the last rest, in nanoseconds
    private long looked; // when the load of the machine was last read, by System.nanoTime
    private int ratio = SCARCE;

    /** @param polled answers at once, on the only I/O thread of the server */
    HttpHandler within(HttpHandler polled) {
        return exchange -> {
            if (!resting) {
                resting = true;
                exchange.getIoThread().execute(this::rest); // when all requests that have arrived are answered
            }
            polled.handleRequest(exchange);
        };
    }

    private void rest() {
        look();
        long work = THREADS.getCurrentThreadCpuTime() - rested;
        LockSupport.parkNanos(Math.min(ratio * work, LONGEST_REST_NANOS));
        rested = THREADS.getCurrentThreadCpuTime();
        resting = false;
    }

    /** Reads the load of the machine, the mean since the last time, at most once per second. */
    private void look() {
        long now = System.nanoTime();
        if (now - looked >= LOOK_NANOS) {
            looked = now;
            double load = MACHINE.getCpuLoad(); // negative if it is not known
            boolean idle = load >= 0 && (1 - load) * MACHINE.getAvailableProcessors() >= 0.5;
            ratio = idle ? AMPLE : SCARCE;
        }
    }
}
