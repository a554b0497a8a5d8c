package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import perdure.run.RunConfig;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** A checkpoint records what every flag of {@code train} says, so that the run folder alone resumes the run. */
class RememberedFlagsTest extends TinyRunTest {
    /** What is said to one process, and does not belong to the run. */
    private static final Set<String> OF_THE_PROCESS = Set.of(
            "--checkpoints",
            "--max-steps",
            "--max-time",
            "--resume-from",
            "--branch",
            "--accept-changes",
            "--native-config",
            "--rank",
            "--world-size",
            "--coordinator",
            "--exchange-timeout",
            "--silence",
            "--bucket-size",
            "--host",
            "--port",
            "--token",
            "--model-alias",
            "--token-file",
            "--allow-host",
            "--public-url",
            "--allow-origin",
            "--no-server",
            "--help",
            "--version",
            "--verbose");

    @Test
    void everyFlagIsRecordedOrBelongsToTheProcess() throws IOException {
        assertEquals(0, TinyRun.run(tiny.train("--epochs", "1")).exitCode());
        Path state = tiny.checkpoints.resolve("step-0000000005").resolve("trainer_state.json");
        String recorded = Files.readString(state);
        CommandLine train = Main.commandLine(new Main()).getSubcommands().get("train");
        for (OptionSpec option : train.getCommandSpec().options()) {
            String flag = option.longestName();
            boolean known = recorded.contains("\"" + flag.substring(2).replace('-', ' ') + "\"");
            assertTrue(known != OF_THE_PROCESS.contains(flag), flag + " is of the run or of the process");
        }
    }

    @Test
    void whatIsRecordedIsTakenUp() {
        List<String> flags =
                List.of(("--epochs 2 --learning-rate 0.01 --min-learning-rate 0.002 --warmup-steps 5 --schedule wsd"
                                + " --weight-decay 0.3 --beta1 0.8 --beta2 0.9 --grad-clip 0 --dropout 0.25"
                                + " --checkpoint-every 90s --keep 4 --keep-every 50 --validate-every 9"
                                + " --validation-steps 8 --patience 4 --warn-after 2 --seed 17 --skip-bad-steps 3 --kv-heads 1"
                                + " --intermediate-size 24 --grad-accum 2 --precision bf16 --recompute"
                                + " --validation-fraction 0.2 --shuffle-group 3 --skip-invalid --max-steps 1")
                        .split(" "));
        TinyRun.Result result = TinyRun.run(tiny.train(flags.toArray(String[]::new)));
        assertEquals(0, result.exitCode(), result.err());
        TrainCommand given = new TrainCommand();
        List<String> command = tiny.train(flags.toArray(String[]::new));
        new CommandLine(given)
                .setOverwrittenOptionsAllowed(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .parseArgs(command.subList(1, command.size()).toArray(String[]::new));
        RunConfig expected = given.config();
        RunConfig remembered = RunConfig.resuming(tiny.checkpoints);
        assertEquals(expected.text(), remembered.text());
        assertEquals(expected.model(), remembered.model());
        assertEquals(expected.optimization(), remembered.optimization());
        assertEquals(expected.saving(), remembered.saving());
        assertEquals(expected.compute(), remembered.compute());
        assertEquals(expected.length(), remembered.maximumSteps(1).length());
    }
}
