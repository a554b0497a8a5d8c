package perdure.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the run to stop when the process receives a signal. A signal less than a second after the one before is the same
 * request: terminals, shells and schedulers repeat themselves. Only a second INT, a second or more after the first, ends
 * the process at once, since only a person sends that.
 *
 * <p>It uses {@code sun.misc.Signal} (module jdk.unsupported), because the shutdown hooks of the JDK know no signal.
 */
final class StopSignal {

    /** TERM and INT are a person's or a supervisor's, HUP a terminal's, USR1 and XCPU a scheduler's warning. */
    private static final List<String> NAMES = List.of("HUP", "INT", "TERM", "USR1", "XCPU");

    private static final Logger LOG = LoggerFactory.getLogger(StopSignal.class);
    private static final int SIGNAL_EXIT = 128;
    private static final long REPEAT = Duration.ofSeconds(1).toNanos();

    private final IntConsumer stop;

    // Each signal arrives on a thread of its own.
    private boolean received;
    private long lastRequest;
    private boolean interrupted;
    private long firstInterrupt;

    private StopSignal(IntConsumer stop) {
        this.stop = stop;
    }

    /**
     * Listens for the signals where the platform has them.
     *
     * @param stop asks for the stop; called with the signal's number, once for each request; must return at once
     */
    static void listen(IntConsumer stop) {
        StopSignal signal = new StopSignal(stop);
        List<String> reserved =
                NAMES.stream().filter(name -> !signal.listen(name)).toList();
        if (!reserved.isEmpty()) {
            LOG.warn(
                    "This Java keeps the signals {} for itself (-Xrs): they end the process without saving.",
                    String.join(", ", reserved));
        }
    }

    /**
     * Uses reflection: javac warns of the class in a way that cannot be silenced, and warnings are errors here.
     *
     * @return false if the virtual machine has reserved the signal; true also where the platform does not have it
     */
    private boolean listen(String name) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object signal = signalType.getConstructor(String.class).newInstance(name);
            int number = (int) signalType.getMethod("getNumber").invoke(signal);
            Object handler = Proxy.newProxyInstance(
                    StopSignal.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        receive(name, number);
                        return null;
                    });
            signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
            return true;
        } catch (InvocationTargetException refused) {
            LOG.debug("Signal {} cannot be handled.", name, refused.getCause());
            return String.valueOf(refused.getCause().getMessage()).startsWith("Unknown");
        } catch (ReflectiveOperationException absent) {
            throw new IllegalStateException("The module jdk.unsupported is missing.", absent);
        }
    }

    private synchronized void receive(String name, int number) {
        long now = System.nanoTime();
        boolean interrupt = name.equals("INT");
        if (interrupt && interrupted && now - firstInterrupt >= REPEAT) {
            Runtime.getRuntime().halt(SIGNAL_EXIT + number);
        }
        if (interrupt && !interrupted) {
            interrupted = true;
            firstInterrupt = now;
        }
        if (received && now - lastRequest < REPEAT) {
            return;
        }
        boolean first = !received;
        received = true;
        lastRequest = now;
        stop.accept(number);
        System.err.println((first ? "Stopping (" + name + "): finishing the step and saving." : "Still saving.")
                + (interrupt ? " Press Ctrl-C again to abort without saving." : ""));
    }

    /** The exit code of a process that a signal stopped, as shells expect. */
    static int exitCode(int signal) {
        return SIGNAL_EXIT + signal;
    }
}
