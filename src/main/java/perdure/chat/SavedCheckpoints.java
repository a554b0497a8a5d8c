package perdure.chat;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.LossCurve;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Restart;
import perdure.checkpoint.Restart.NoGoodCheckpointException;

/**
 * Finds the checkpoints of a run folder that can answer: the newest committed one, which is verified only once, and the
 * others that are kept.
 */
final class SavedCheckpoints {
    /** Most checkpoints in a list: a run may keep thousands. */
    static final int MOST_LISTED = 100;

    private static final Logger LOG = LoggerFactory.getLogger(SavedCheckpoints.class);

    /** Epochs to read from the history at most. Longer histories are thinned out, so an epoch may be missing. */
    private static final int MOST_EPOCHS = 10_000;

    private final Path runFolder;
    private final MetaStore metaStore;
    /** What is known of checkpoints, by name. They never change. */
    private final Map<String, AnsweringCheckpoint> described = new ConcurrentHashMap<>();
    /** The content of {@code current.meta.json} when it last named something new. */
    private String committed;
    /** That checkpoint or, if it is damaged, the newest good one. */
    private Checkpoint newest;

    SavedCheckpoints(Path runFolder) {
        this.runFolder = runFolder;
        this.metaStore = new MetaStore(runFolder);
    }

    /**
     * The newest good checkpoint; empty before the first commit.
     *
     * @throws RuntimeException of {@link Restart#find} if no checkpoint is good
     */
    synchronized Optional<Checkpoint> newest() {
        String named = metaStore.read().checkpoint();
        if (named != null && !named.equals(committed)) {
            Restart restart = Restart.find(runFolder);
            restart.warnings().forEach(LOG::warn);
            newest = restart.checkpoint();
            committed = named;
        }
        return Optional.ofNullable(newest);
    }

    /**
     * Opens and verifies a checkpoint.
     *
     * @param name of any client: nothing but the name of a checkpoint in the run folder leads to one
     * @throws NoSuchCheckpointException if there is none of that name
     * @throws RuntimeException of {@link Restart#from} if it is not good
     */
    Checkpoint named(String name) {
        requireKept(name);
        try {
            return Restart.from(runFolder, name).checkpoint();
        } catch (NoGoodCheckpointException | UncheckedIOException problem) {
            requireKept(name); // A trainer may have deleted it meanwhile.
            throw problem;
        }
    }

    /** @throws NoSuchCheckpointException if there is no checkpoint of that name */
    void requireKept(String name) {
        if (!Checkpoint.names(runFolder).contains(name)) {
            throw new NoSuchCheckpointException(name);
        }
    }

    /** What is known of a checkpoint. Its loss may be in the history alone, which is read only once for it. */
    AnsweringCheckpoint describe(Checkpoint checkpoint) {
        return described.computeIfAbsent(checkpoint.name(), name -> AnsweringCheckpoint.of(checkpoint, this::history));
    }

    private LossCurve history() {
        return LossCurve.read(runFolder, MOST_EPOCHS);
    }

    /** What is known of the newest {@value #MOST_LISTED} checkpoints, the newest first. It verifies none. */
    List<AnsweringCheckpoint> list() {
        List<String> names =
                Checkpoint.names(runFolder).stream().limit(MOST_LISTED).toList();
        described.keySet().retainAll(names);
        LossCurve[] read = {null}; // Once for all of them.
        Supplier<LossCurve> history = () -> {
            read[0] = read[0] == null ? history() : read[0];
            return read[0];
        };
        for (String name : names) {
            if (!described.containsKey(name)) {
                Checkpoint.unverified(runFolder.resolve(name))
                        .map(checkpoint -> AnsweringCheckpoint.of(checkpoint, history))
                        .ifPresent(checkpoint -> described.put(name, checkpoint));
            }
        }
        return names.stream().map(described::get).filter(Objects::nonNull).toList();
    }
}
