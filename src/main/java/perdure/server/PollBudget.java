package perdure.server;

import com.sun.management.OperatingSystemMXBean;
import io.undertow.server.HttpHandler;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps polls to half a percent of one core, however often they come, or to a tenth of one while the machine has a core
 * that idles: the I/O thread rests in proportion to the processor time that a batch of answers took, and lets the next
 * ones gather. Who asks too often is answered later, so that training is not slowed. One wake-up for many requests also
 * costs less than one for each.
 */
final class PollBudget {

    /** Of rest to work, while every core is busy. */
    private static final int SCARCE = 199;

    /** Of rest to work, while at least half a core idles. */
    private static final int AMPLE = 9;

    /** Bounds how long anyone waits; more than some twenty connections that never pause exceed the share for it. */
    private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean MACHINE =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /** These are of the I/O thread alone. */
    private boolean resting;

    private long rested; // after so many nanoseconds of processor time
    private long looked; // at the machine, by System.nanoTime
    private int ratio = SCARCE;

    /** @param polled answers at once, on the server's only I/O thread */
    HttpHandler within(HttpHandler polled) {
        return exchange -> {
            if (!resting) {
                resting = true;
                exchange.getIoThread().execute(this::rest); // once all that has come is answered
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

    /** The load is the mean since the last look. */
    private void look() {
        long now = System.nanoTime();
        if (now - looked >= LOOK_NANOS) {
            looked = now;
            double load = MACHINE.getCpuLoad(); // negative where it isn't known
            boolean idle = load >= 0 && (1 - load) * MACHINE.getAvailableProcessors() >= 0.5;
            ratio = idle ? AMPLE : SCARCE;
        }
    }
}
