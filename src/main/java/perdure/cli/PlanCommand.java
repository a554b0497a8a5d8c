package perdure.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import perdure.bench.WorkFolder;
import perdure.run.BadInputException;
import perdure.run.RunConfig;
import perdure.run.RunPlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code plan}: says before a run what it takes, and proposes the flags that are still open. */
@Command(
        name = "plan",
        customSynopsis = "perdure plan --data PATH… [OPTIONS]",
        description = {
            "Says what a run would take, before it begins: memory, time, and what is likely to go wrong.",
            "It reads the data as train does, measures a few steps on this machine, and proposes the flags that are"
                    + " not given: size, context, batch, epochs and learning rate. It prints the command that trains"
                    + " with them. It writes nothing but a temporary folder, which it deletes."
        },
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:Done, with or without warnings.", Main.FAILURE, Main.BAD_INPUT},
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class PlanCommand implements Callable<Integer> {

    /** These belong to a run that exists. */
    private static final Set<String> OF_EXISTING_RUNS = Set.of("--resume-from", "--branch", "--accept-changes");

    @Spec
    CommandSpec command;

    @HelpSections.Heading("Run")
    @Option(names = "--epochs", paramLabel = "N", description = "Total number of epochs (default: proposed).")
    Integer epochs;

    @Mixin
    TrainingFlags flags;

    @Override
    public Integer call() {
        ParseResult parsed = command.commandLine().getParseResult();
        GivenFlags given = GivenFlags.of(parsed, Set.of());
        refuse(parsed);
        RunConfig config = RunConfig.in(flags.run.folder()).epochs(1);
        config = Flags.set("--epochs", epochs, config, config::epochs);
        config = flags.apply(config);
        Set<String> settings = parsed.matchedOptions().stream()
                .map(option -> option.longestName().substring("--".length()).replace('-', ' '))
                .collect(Collectors.toSet());
        try (WorkFolder work = WorkFolder.create("perdure-plan-", false)) {
            RunPlan plan = RunPlan.of(config, settings, work.path());
            plan.lines().forEach(System.out::println);
            List<String> proposed = flags(plan.proposed());
            System.out.println(proposed.isEmpty() ? "Every flag is given." : "Proposed: " + String.join(" ", proposed));
            System.out.println(
                    "Train it: " + new GivenFlags("train", given.flags()).line(proposed.toArray(String[]::new)));
            return ExitCode.OK;
        }
    }

    private void refuse(ParseResult parsed) {
        for (String flag : OF_EXISTING_RUNS) {
            if (parsed.hasMatchedOption(flag)) {
                throw new BadInputException(flag + " is for a run that exists: plan is about a new one.");
            }
        }
        if (flags.data.data.isEmpty()) {
            throw new BadInputException("--data is required: files or folders to train on.");
        }
    }

    private static List<String> flags(Map<String, String> settings) {
        List<String> flags = new ArrayList<>();
        settings.forEach((setting, value) -> {
            flags.add(Flags.flag(setting));
            flags.add(value);
        });
        return flags;
    }
}
