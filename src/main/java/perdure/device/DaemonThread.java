package perdure.device;

import java.util.concurrent.Executor;

/**
 * A thread for one task, which does not keep the process alive. The common pool has one thread on two processors, so
 * there one task would wait for the next.
 */
public final class DaemonThread {
    private DaemonThread() {}

    /** Runs each task on a thread of its own. */
    public static Executor named(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            thread.start();
        };
    }
}
