package perdure.chat;

import java.nio.file.Path;
import java.util.Optional;
import perdure.checkpoint.Generation;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Restart;

/** Looks for the newest committed generation of a run folder; verifies one only once. */
final class Commits {
    private final Path runFolder;
    private final MetaStore metaStore;
    /** What {@code current.meta.json} named when it was last found to name something new. */
    private String committed;
    /** That generation or, if it is damaged, the newest good one. */
    private Generation newest;

    Commits(Path runFolder) {
        this.runFolder = runFolder;
        this.metaStore = new MetaStore(runFolder);
    }

    /**
     * Empty before the first commit.
     *
     * @throws RuntimeException of {@link Restart#find} if nothing good is there
     */
    synchronized Optional<Generation> newest() {
        String named = metaStore.read().checkpoint();
        if (named != null && !named.equals(committed)) {
            newest = Restart.find(runFolder).generation();
            committed = named;
        }
        return Optional.ofNullable(newest);
    }
}
