package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import java.util.Map;

/** The threads of libtorch on Linux, which belong to libgomp. */
final class OpenMp {

    /**
     * How often a thread that waits for the others looks again before it sleeps. libgomp's own 300,000 keep a core for
     * milliseconds, for which another process may have the core that the awaited thread needs. 0 costs a call of the
     * system for every operation.
     */
    private static final String SPIN_COUNT = "10000";

    private OpenMp() {}

    /**
     * Lets waiting threads sleep early, unless the environment says how they wait. libgomp reads the environment of the
     * process when it is loaded, so this must come before.
     */
    static void waitBriefly() {
        Map<String, String> environment = System.getenv();
        if (!Platform.isLinux()
                || environment.containsKey("OMP_WAIT_POLICY")
                || environment.containsKey("GOMP_SPINCOUNT")) {
            return;
        }
        try {
            Function.getFunction("c", "setenv").invokeInt(new Object[] {"GOMP_SPINCOUNT", SPIN_COUNT, 0});
        } catch (LinkageError otherLibrary) {
            // Only speed depends on it.
        }
    }
}
