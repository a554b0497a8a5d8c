package perdure.checkpoint;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/**
 * The places at which a commit can be cut off or fail, each reached just before the operation that it names. All of
 * them lie in {@link DurableFiles}, so that tests can stop or fail a commit at every one.
 */
enum FaultPoint {
    CREATE_FILE,
    /** Before each block that goes into a file: a stop here leaves the file half written. */
    WRITE_FILE,
    FORCE_FILE,
    FORCE_GENERATION,
    MOVE_GENERATION,
    /** Of the run folder, which makes the move of the generation last. */
    FORCE_RUN_FOLDER,
    FORCE_HISTORY,
    MOVE_HISTORY,
    MOVE_META,
    /** Of the run folder, which makes the move of the meta file last: after it the step is saved. */
    FORCE_META,
    DELETE_OLD;

    /** The system property that stops or fails this process: {@code POINT:halt|fail[:n]}, at the n-th time. */
    static final String PROPERTY = "perdure.fault";

    /** Exit status of a process that was stopped, that of one killed by SIGKILL. */
    private static final int HALTED = 137;

    /** Told of every point that is reached; may throw or never return. */
    interface Hook {
        void reached(FaultPoint point) throws IOException;
    }

    /** Does what the system property says; without it, nothing. */
    static Hook fromSystemProperty() {
        String specification = System.getProperty(PROPERTY);
        if (specification == null) {
            return point -> {};
        }
        String[] parts = specification.split(":");
        FaultPoint wanted = valueOf(parts[0]);
        boolean halt = parts[1].equals("halt");
        int time = parts.length > 2 ? Integer.parseInt(parts[2]) : 1;
        Map<FaultPoint, Integer> counts = new EnumMap<>(FaultPoint.class);
        return point -> {
            synchronized (counts) {
                if (counts.merge(point, 1, Integer::sum) != time || point != wanted) {
                    return;
                }
            }
            if (halt) {
                Runtime.getRuntime().halt(HALTED);
            }
            throw new IOException("fault at " + point);
        };
    }
}
