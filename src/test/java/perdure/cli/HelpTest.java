package perdure.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class HelpTest {
    @Test
    void everyFlagOfTrainStandsUnderAHeadingAndIsExplained() {
        CommandLine train = Main.commandLine(new Main()).getSubcommands().get("train");
        Map<String, List<OptionSpec>> sections =
                HelpSections.sections(train.getCommandSpec().options());
        assertEquals(
                List.of(
                        "Run",
                        "Data",
                        "Model",
                        "Adapters",
                        "Optimisation",
                        "Device",
                        "Several processes",
                        "Server",
                        "General"),
                List.copyOf(sections.keySet()));
        assertEquals(
                Set.of("--help", "--version", "--verbose"),
                Set.copyOf(sections.get(HelpSections.GENERAL).stream()
                        .map(OptionSpec::longestName)
                        .toList()));
        String help = TinyRun.run(List.of("train", "--help")).out();
        for (OptionSpec option : train.getCommandSpec().options()) {
            assertTrue(option.description().length > 0, option.longestName());
            assertTrue(help.contains(option.longestName()), option.longestName());
            for (String sentence : option.description()) {
                assertTrue(sentence.endsWith("."), option.longestName() + ": " + sentence);
            }
        }
        assertTrue(help.contains("\nOptimisation:\n"), help);
    }

    @Test
    void trainListsItsExitCodes() {
        String help = TinyRun.run(List.of("train", "--help")).out();
        String codes = help.substring(help.indexOf("Exit codes:"));
        for (String code : List.of("0 ", "1 ", "2 ", "75 ", "129, 130, 138, 143, 152 ")) {
            assertTrue(codes.contains("\n  " + code), codes);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "plan", "tokenize", "train", "serve", "generate", "export", "verify-resume", "bench"})
    void fitsEightyColumns(String command) {
        TinyRun.Result help = TinyRun.run(command.isEmpty() ? List.of("--help") : List.of(command, "--help"));
        assertEquals(0, help.exitCode());
        assertTrue(help.out().lines().allMatch(line -> line.length() <= 80), help.out());
    }
}
