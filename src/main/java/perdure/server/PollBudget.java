package perdure.server;

import io.undertow.server.HttpHandler;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps polls to half a percent of one core, however often they come: the I/O thread rests in proportion to the
 * processor time that a batch of answers took, and lets the next ones gather. Who asks too often is answered later, so
 * that training is not slowed. One wake-up for many requests also costs less than one for each.
 */
final class PollBudget {

    /** Of rest to work. */
    private static final int RATIO = 199;

    /** Bounds how long anyone waits; more than some twenty connections that never pause exceed the share for it. */
    private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Both are of the I/O thread alone. */
    private boolean resting;

    private long rested; // after so many nanoseconds of processor time

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
        long work = THREADS.getCurrentThreadCpuTime() - rested;
        LockSupport.parkNanos(Math.min(RATIO * work, LONGEST_REST_NANOS));
        rested = THREADS.getCurrentThreadCpuTime();
        resting = false;
    }
}
