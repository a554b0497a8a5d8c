package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The memory that {@code train} tells at its start is what it takes at its peak. Half of it is the model's here. */
class PlannedMemoryIT extends TinyRunTest {
    private static final Pattern TOLD = Pattern.compile("about ([0-9]+) MB of memory at its peak");

    @Test
    void isWithinAFifthOfThePeak() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "only Linux tells the peak");
        List<String> command = tiny.train("--epochs", "2", "--steps-per-epoch", "3");
        command.addAll(List.of("--layers", "4", "--hidden-size", "192", "--heads", "4", "--context", "256"));
        command.addAll(List.of("--batch-size", "12"));
        Process process = tiny.start(
                command, Map.of("JAVA_TOOL_OPTIONS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms64m -Xmn16m"));
        long peak = 0;
        while (process.isAlive()) {
            peak = Math.max(peak, peak(process.pid()));
            Thread.sleep(20);
        }
        String log = Files.readString(tiny.log());
        assertEquals(0, TinyRun.await(process), log);
        Matcher told = TOLD.matcher(log);
        assertTrue(told.find(), log);
        double share = Long.parseLong(told.group(1)) * 1e6 / peak;
        assertTrue(share > 0.8 && share < 1.2, share + " of the peak of " + peak + " bytes was told\n" + log);
    }

    /** Most resident memory of a process so far, in bytes; 0 if it has ended. */
    private static long peak(long process) {
        try {
            return Files.readAllLines(Path.of("/proc/" + process + "/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException ended) {
            return 0;
        }
    }
}
