package perdure.cli;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import perdure.cli.HelpSections.Heading;
import perdure.distributed.Launch;
import perdure.distributed.Workers;
import perdure.distributed.WorkersLostException;
import perdure.run.BadInputException;
import perdure.run.RunConfig;
import perdure.train.SaveInterval;
import picocli.CommandLine.Option;

/** The flags of a run that several processes train together. A launcher's environment takes the place of most. */
@Heading("Several processes")
final class RankFlags {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(KB|MB|GB)?");

    private static final Map<String, Long> UNITS = Map.of("KB", 1_000L, "MB", 1_000_000L, "GB", 1_000_000_000L);

    @Option(
            names = "--rank",
            paramLabel = "R",
            description =
                    "Which of the processes this is, from 0. mpirun, srun, torchrun, Kubeflow and Kubernetes say it"
                            + " in the environment. Only rank 0 needs the run folder.")
    Integer rank;

    @Option(
            names = "--world-size",
            paramLabel = "N",
            description = "How many processes train together: a power of two that divides --grad-accum.")
    Integer worldSize;

    @Option(names = "--coordinator", paramLabel = "HOST:PORT", description = "Where rank 0 listens.")
    String coordinator;

    @Option(
            names = "--exchange-timeout",
            paramLabel = "DURATION",
            description = "How long a process waits for others that are alive (default: 10m).")
    String exchangeTimeout;

    @Option(
            names = "--silence",
            paramLabel = "DURATION",
            description = "A process that is not heard for so long is lost; 2s at least (default: 10s).")
    String silence;

    @Option(
            names = "--bucket-size",
            paramLabel = "BYTES",
            description = "Gradients that are exchanged at once, such as 25MB (default: 25MB).")
    String bucketSize;

    @Option(
            names = "--shard-optimizer",
            paramLabel = "true|false",
            arity = "0..1",
            fallbackValue = "true",
            description = "Each of N processes has 1/N of AdamW's moments, which are 8 bytes for each parameter, and"
                    + " updates as many weights. The bytes are the same for any N, and others than without. If a process"
                    + " is lost, the steps since the last checkpoint are repeated (default: false).")
    Boolean shardOptimizer;

    /** The configuration with the values of the flags that were given, and who this process is. */
    RunConfig apply(RunConfig config, Map<String, String> environment) {
        RunConfig sharded = Flags.set(
                "--shard-optimizer",
                shardOptimizer,
                config,
                value -> config.optimization(
                        learning -> learning.adamW(learning.adamW().sharded(value))));
        return sharded.workers(options(config.compute().workers(), environment));
    }

    /**
     * Who this process is, by the flags or else by the environment.
     *
     * @param usual what is not given
     */
    Workers.Options options(Workers.Options usual, Map<String, String> environment) {
        Workers.Options options = new Workers.Options(
                launch(environment),
                Flags.set("--exchange-timeout", exchangeTimeout, usual.exchangeTimeout(), SaveInterval::parseTime),
                usual.silence(),
                Flags.set("--bucket-size", bucketSize, usual.bucketBytes(), RankFlags::bytes));
        return Flags.set("--silence", silence, options, text -> options.silence(SaveInterval.parseTime(text)));
    }

    /** Which of the ranks this process is, by its flags or by its launcher's environment. */
    Launch launch(Map<String, String> environment) {
        if (rank == null && worldSize == null && coordinator == null) {
            return Flags.naming(() -> Launch.of(environment));
        }
        if (rank == null || worldSize == null || coordinator == null) {
            String missing = rank == null ? "--rank" : worldSize == null ? "--world-size" : "--coordinator";
            throw new BadInputException(missing + " is missing: --rank, --world-size and --coordinator go together.");
        }
        try {
            return Launch.of(rank, worldSize, coordinator);
        } catch (IllegalArgumentException refused) {
            String message = refused.getMessage();
            String named = Stream.of("rank", "world size", "coordinator")
                    .filter(message::startsWith)
                    .findFirst()
                    .orElse(null);
            throw new BadInputException(
                    named == null
                            ? "--coordinator " + coordinator + ": " + message
                            : Flags.flag(named) + message.substring(named.length()));
        }
    }

    private static long bytes(String text) {
        Matcher size = SIZE.matcher(text.toUpperCase(Locale.ROOT));
        if (!size.matches() || Long.parseLong(size.group(1)) == 0) {
            throw new IllegalArgumentException(text + " is not a number of bytes, such as 25MB.");
        }
        return Long.parseLong(size.group(1)) * (size.group(2) == null ? 1 : UNITS.get(size.group(2)));
    }

    /** The thread that trains is held by native code, which nothing can interrupt. */
    static void end(WorkersLostException lost) {
        System.err.println(line(lost));
        Runtime.getRuntime().halt(lost.exitCode());
    }

    static String line(WorkersLostException lost) {
        return "perdure: " + lost.getMessage();
    }
}
