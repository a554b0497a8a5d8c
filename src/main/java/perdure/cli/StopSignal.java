package perdure.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the run to stop when the process receives a signal. The first signal asks; the second one ends the process at
 * once.
 *
 * <p>It uses {@code sun.misc.Signal} (module jdk.unsupported), because the shutdown hooks of the JDK cannot tell a
 * second signal from the first.
 */
final class StopSignal {
    private static final Logger LOG = LoggerFactory.getLogger(StopSignal.class);
    private static final int SIGTERM = 15;
    private static final int SIGNAL_EXIT = 128;

    /** Number of the first signal, or 0 before any; two may arrive at once. */
    private final AtomicInteger signal = new AtomicInteger();

    private final Runnable stop;

    private StopSignal(Runnable stop) {
        this.stop = stop;
    }

    /**
     * Listens for HUP, INT and TERM where the platform has them.
     *
     * @param stop asks for the stop; must return at once
     */
    static StopSignal listen(Runnable stop) {
        StopSignal signal = new StopSignal(stop);
        signal.listen("HUP", 1);
        signal.listen("INT", 2);
        signal.listen("TERM", SIGTERM);
        return signal;
    }

    /** Uses reflection: javac warns of the class in a way that cannot be silenced, and warnings are errors here. */
    private void listen(String name, int number) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    StopSignal.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        receive(number);
                        return null;
                    });
            Object signalOfName = signalType.getConstructor(String.class).newInstance(name);
            signalType.getMethod("handle", signalType, handlerType).invoke(null, signalOfName, handler);
        } catch (InvocationTargetException notHere) {
            // Windows has no HUP, and with -Xrs the virtual machine reserves some signals.
            LOG.debug("Signal {} cannot be handled here.", name, notHere.getCause());
        } catch (ReflectiveOperationException absent) {
            throw new IllegalStateException("The module jdk.unsupported is missing.", absent);
        }
    }

    private void receive(int number) {
        if (!signal.compareAndSet(0, number)) {
            Runtime.getRuntime().halt(SIGNAL_EXIT + number);
        }
        stop.run();
        System.err.println("Stopping: finishing the step and saving. Press Ctrl-C again to abort without saving.");
    }

    /**
     * The exit code: 128 + the number of the signal, as shells expect; that of TERM if the stop was asked for without a
     * signal.
     */
    int exitCode() {
        return SIGNAL_EXIT + (signal.get() == 0 ? SIGTERM : signal.get());
    }
}
