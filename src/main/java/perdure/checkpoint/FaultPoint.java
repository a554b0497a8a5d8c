package perdure.checkpoint;

import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The points at which a commit can be stopped or can fail. Each is reached just before the operation that it names. All
 * are in {@link DurableFiles}, so that tests can stop or fail a commit at every one.
 */
public enum FaultPoint {
    CREATE_FILE,
    /** Before each block that goes into a file: a stop here leaves the file half written. */
    WRITE_FILE,
    FORCE_FILE,
    FORCE_CHECKPOINT,
    MOVE_CHECKPOINT,
    /** The force of the run folder that makes the move of the checkpoint durable. */
    FORCE_RUN_FOLDER,
    FORCE_HISTORY,
    MOVE_HISTORY,
    MOVE_META,
    /** The force of the run folder that makes the move of the meta file durable. After it the step is saved. */
    FORCE_META,
    DELETE_OLD;

    /**
     * System property for tests only. {@code POINT:halt[:n]} stops this process when it reaches the point for the n-th
     * time. {@code POINT:fail[:n]} makes the operation fail then. Several are separated by commas.
     */
    public static final String PROPERTY = "perdure.fault";

    private static final Logger LOG = LoggerFactory.getLogger(FaultPoint.class);

    /** Exit code of a stopped process: that of a process killed by SIGKILL. */
    private static final int HALTED = 137;

    /** Called at every point. It may throw an exception or never return. */
    interface Hook {
        void reached(FaultPoint point) throws IOException;
    }

    /** A hook that does what the system property says, or nothing without it. */
    static Hook fromSystemProperty() {
        String specification = System.getProperty(PROPERTY);
        if (specification == null) {
            return point -> {};
        }
        List<Fault> faults =
                Stream.of(specification.split(",")).map(Fault::parse).toList();
        Map<FaultPoint, Integer> counts = new EnumMap<>(FaultPoint.class);
        return point -> {
            int time;
            synchronized (counts) {
                time = counts.merge(point, 1, Integer::sum);
            }
            for (Fault fault : faults) {
                if (fault.point == point && fault.time == time) {
                    fault.strike();
                }
            }
        };
    }

    /** A stop or failure at a point, when it is reached for the {@code time}-th time. */
    private record Fault(FaultPoint point, boolean halts, int time) {

        static Fault parse(String text) {
            String[] parts = text.split(":");
            return new Fault(
                    valueOf(parts[0]), parts[1].equals("halt"), parts.length > 2 ? Integer.parseInt(parts[2]) : 1);
        }

        void strike() throws IOException {
            LOG.warn("Fault at {}, as the system property {} asks.", point, PROPERTY);
            if (halts) {
                Runtime.getRuntime().halt(HALTED);
            }
            throw new IOException("fault at " + point);
        }
    }
}
