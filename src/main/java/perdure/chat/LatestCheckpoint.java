package perdure.chat;

import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Restart;

/** Finds the newest committed checkpoint of a run folder, and verifies each one only once. */
final class LatestCheckpoint {
    private static final Logger LOG = LoggerFactory.getLogger(LatestCheckpoint.class);

    private final Path runFolder;
    private final MetaStore metaStore;
    /** The content of {@code current.meta.json} when it last named something new. */
    private String committed;
    /** That checkpoint or, if it is damaged, the newest good one. */
    private Checkpoint newest;

    LatestCheckpoint(Path runFolder) {
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
}
