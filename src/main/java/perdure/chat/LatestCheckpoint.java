package perdure.chat;

import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Restart;

/** Looks for the newest committed checkpoint of a run folder; verifies one only once. */
final class LatestCheckpoint {
    private static final Logger LOG = LoggerFactory.getLogger(LatestCheckpoint.class);

    private final Path runFolder;
    private final MetaStore metaStore;
    /** What {@code current.meta.json} named when it was last found to name something new. */
    private String committed;
    /** That checkpoint or, if it is damaged, the newest good one. */
    private Checkpoint newest;

    LatestCheckpoint(Path runFolder) {
        this.runFolder = runFolder;
        this.metaStore = new MetaStore(runFolder);
    }

    /**
     * Empty before the first commit.
     *
     * @throws RuntimeException of {@link Restart#find} if nothing good is there
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
