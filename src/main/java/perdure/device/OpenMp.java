package perdure.device;

/** The threads of libtorch on Linux, which belong to libgomp. */
final class OpenMp {

    /**
     * How often a thread that waits for the others looks again before it sleeps. libgomp's own 300,000 take longer than
     * the scheduler's time slice, so the waiting thread keeps a core for which another one waits. Few cost a call of the
     * system for every operation. {@code LOG.md} has the figures.
     */
    private static final String SPIN_COUNT = "100000";

    private OpenMp() {}

    /**
     * Lets waiting threads sleep early, unless the environment says how they wait. libgomp reads the environment of the
     * process when it is loaded, so this must come before.
     */
    static void waitBriefly() {
        if (System.getenv("OMP_WAIT_POLICY") == null) {
            CLibrary.setDefault("GOMP_SPINCOUNT", SPIN_COUNT);
        }
    }
}
