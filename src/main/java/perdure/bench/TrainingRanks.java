package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import perdure.distributed.WorkersLostException;

/** The ranks of one run on this machine, each a {@link TrainingProcess}. They meet at a free port of this start. */
public final class TrainingRanks implements AutoCloseable {

    private static final int NONE = -1;

    /** So long ranks may take to end after one is lost, in which the first one saves. */
    private static final Duration TIME_TO_END = Duration.ofSeconds(60);

    private final TrainingProcess[] ranks;

    private TrainingRanks(TrainingProcess[] ranks) {
        this.ranks = ranks;
    }

    /**
     * Starts them.
     *
     * @param log file for the output of the first one; that of rank 1 is beside it, with {@code -rank1} in its name
     * @param world number of ranks; one is started without the flags of ranks
     * @param flags of {@code train}, besides {@code --checkpoints} and those that say which rank it is
     */
    public static TrainingRanks start(Path runFolder, Path log, int world, List<String> flags, String... javaOptions) {
        TrainingRanks all = new TrainingRanks(new TrainingProcess[world]);
        int port = world == 1 ? 0 : freePort();
        try {
            // The first is the last: the start of another one would delete what it writes into the run folder.
            for (int rank = world - 1; rank >= 0; rank--) {
                List<String> own = new ArrayList<>(flags);
                if (world > 1) {
                    Collections.addAll(own, "--rank", "" + rank, "--world-size", "" + world);
                    Collections.addAll(own, "--coordinator", "127.0.0.1:" + port);
                }
                String name = log.getFileName().toString();
                String ownName = rank == 0 ? name : name.replaceFirst("(?=\\.[^.]*$|$)", "-rank" + rank);
                all.ranks[rank] = TrainingProcess.start(runFolder, log.resolveSibling(ownName), own, javaOptions);
            }
            return all;
        } catch (RuntimeException failed) {
            all.close();
            throw failed;
        }
    }

    /** A port of this machine at which nobody listens now. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException problem) {
            throw new UncheckedIOException("No free port: " + problem.getMessage(), problem);
        }
    }

    public int world() {
        return ranks.length;
    }

    /** The one that has the run folder. */
    public TrainingProcess first() {
        return ranks[0];
    }

    public TrainingProcess rank(int rank) {
        return ranks[rank];
    }

    /**
     * Kills a rank, with SIGKILL where there are signals, and waits until all others have ended by themselves.
     *
     * @return whether the run was still going on; false if it had come to its end
     * @throws IllegalStateException that names a rank which does not end in time, or not with exit code {@link WorkersLostException#START_AGAIN}
     */
    public boolean kill(int rank) {
        if (!ranks[rank].kill()) {
            requireDone();
            return false;
        }
        return awaitOthers(rank, "was killed");
    }

    /**
     * Waits until all others have ended since one is lost.
     *
     * @param what has happened to it, for people
     * @return whether they want to be started again; false if the run had come to its end
     * @throws IllegalStateException as {@link #kill}
     */
    public boolean awaitOthers(int lost, String what) {
        return await(lost, WorkersLostException.START_AGAIN, "Rank " + lost + " " + what);
    }

    /**
     * Waits until all have ended, which they do by themselves.
     *
     * @param code exit code that all must have
     * @param what has happened, for people
     * @return whether they have it; false if the run had come to its end
     * @throws IllegalStateException that names a rank which does not end in time, or with another exit code
     */
    public boolean awaitAll(int code, String what) {
        return await(NONE, code, what);
    }

    private boolean await(int without, int code, String what) {
        int done = 0;
        for (int rank = 0; rank < world(); rank++) {
            if (rank == without) {
                continue;
            }
            String other = what + ", and rank " + rank + " of " + world();
            if (!ranks[rank].ends(TIME_TO_END)) {
                throw new IllegalStateException(other + " has not ended after " + TIME_TO_END.toSeconds() + " s.");
            }
            int ended = ranks[rank].waitFor();
            done += ended == 0 ? 1 : 0;
            if (ended != code && ended != 0) {
                throw new IllegalStateException(other + " ended with exit code " + ended + ", not " + code
                        + ". Its last line: " + ranks[rank].lastLine());
            }
        }
        return done == 0;
    }

    /**
     * Waits for the end of all, which must be a success.
     *
     * @throws BadInputException with the message of the first one, if their flags or data are bad
     * @throws IllegalStateException if one failed
     */
    public void requireDone() {
        for (TrainingProcess rank : ranks) {
            rank.requireDone();
        }
    }

    @Override
    public void close() {
        for (TrainingProcess rank : ranks) {
            if (rank != null) {
                rank.close();
            }
        }
    }
}
