package perdure.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for a stop when the process is signalled: the first signal asks, the second one ends the process at once. The JDK's shutdown hooks cannot tell a second signal, hence {@code sun.misc.Signal} (module jdk.unsupported).
 */
final class StopSignal {
    private static final Logger LOG = LoggerFactory.getLogger(StopSignal.class);
    private static final int SIGTERM = 15;
    private static final int SIGNAL_EXIT = 128;

    /** The first one, or 0; two may come at once. */
    private final AtomicInteger signal = new AtomicInteger();

    private final Runnable stop;

    private StopSignal(Runnable stop) {
        this.stop = stop;
    }

    /** Listens for HUP, INT and TERM where the platform has them; {@code stop} returns at once. */
    static StopSignal listen(Runnable stop) {
        StopSignal signal = new StopSignal(stop);
        signal.listen("HUP", 1);
        signal.listen("INT", 2);
        signal.listen("TERM", SIGTERM);
        return signal;
    }

    /** By reflection, since the compiler's warning about the class cannot be silenced where warnings are errors. */
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
            // Windows has no HUP, and the virtual machine keeps some for itself under -Xrs.
            LOG.debug("Signal {} is not to be had here.", name, notHere.getCause());
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

    /** What a shell expects of a process that a signal ended: 128 + its number; TERM's if the stop came another way. */
    int exitCode() {
        return SIGNAL_EXIT + (signal.get() == 0 ? SIGTERM : signal.get());
    }
}
