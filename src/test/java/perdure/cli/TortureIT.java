package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A few of the accidents of {@code scripts/torture}, which does as many as one likes. */
@Tag("long")
@Tag("torture")
class TortureIT {

    @Test
    void nothingThatWasSavedIsLost() {
        CommandLine torture = new CommandLine(new Torture()).setCaseInsensitiveEnumValuesAllowed(true);
        assertEquals(0, torture.execute("--count", "2", "--seed", "1", "kills", "cuts", "full", "damage", "ranks"));
    }
}
