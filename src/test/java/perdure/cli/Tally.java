package perdure.cli;

import java.nio.file.Path;
import java.util.Objects;
import perdure.checkpoint.Meta;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Restart;

/** Counts accidents and what they did to a run folder. */
final class Tally {

    private final String accident;
    int accidents;
    int insideSave;
    int afterSave;
    int lost;
    int unreadable;
    int unequal;
    int runs;

    /** @param accident in the plural */
    Tally(String accident) {
        this.accident = accident;
    }

    /** The step that {@code current.meta.json} names, 0 if none. */
    static long committed(Path runFolder) {
        Meta meta = new MetaStore(runFolder).read();
        return Objects.requireNonNullElse(meta.step(), 0L);
    }

    /**
     * Counts an accident and looks at the run folder after it.
     *
     * @param saved the last step that had been called saved
     * @return the step from which the run goes on
     */
    long examine(Path runFolder, long saved) {
        accidents++;
        return goesOnFrom(runFolder, saved);
    }

    /**
     * The step from which a run goes on. Reads every byte that the next trainer will. Once a step was saved, there must be
     * nothing to warn of.
     *
     * @param saved the last step that had been called saved
     */
    long goesOnFrom(Path runFolder, long saved) {
        try {
            Restart restart = Restart.find(runFolder);
            long step = restart.position().step();
            if (step < saved) {
                lost++;
                System.out.println("  step " + saved + " was saved, and the run goes on from " + step);
            }
            if (saved > 0 && !restart.warnings().isEmpty()) {
                unreadable++;
                System.out.println("  " + restart.warnings());
            }
            return step;
        } catch (RuntimeException damaged) {
            unreadable++;
            System.out.println("  " + damaged);
            return 0;
        }
    }

    boolean holds() {
        return accidents > 0 && lost == 0 && unreadable == 0 && unequal == 0;
    }

    @Override
    public String toString() {
        return (holds() ? "HOLDS: " : "BROKEN: ") + accidents + " " + accident
                + (insideSave > 0 ? ", " + insideSave + " inside a save" : "")
                + (afterSave > 0 ? ", " + afterSave + " of which could lose a new save" : "") + ": " + lost
                + " saved steps lost, "
                + unreadable + " unreadable checkpoints, " + unequal + " of " + runs + " runs with other bytes.";
    }
}
