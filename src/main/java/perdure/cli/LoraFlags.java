package perdure.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import perdure.cli.HelpSections.Heading;
import perdure.model.LoraConfig;
import perdure.run.BadInputException;
import perdure.run.FineTuning;
import perdure.run.RunConfig;
import picocli.CommandLine.Option;

/** The flags that train adapters in place of a model's weights. */
@Heading("Adapters")
final class LoraFlags {
    @Option(
            names = "--lora",
            description = "Trains low-rank adapters of the model of --from and leaves its weights as they are."
                    + " Checkpoints are small: they have the adapters, as PEFT's files, and name the model. The default of"
                    + " --learning-rate is then " + FineTuning.USUAL_LORA_LEARNING_RATE + ".")
    boolean lora;

    @Option(names = "--lora-rank", paramLabel = "N", description = "Rank of the adapters (default: 16).")
    Integer rank;

    @Option(
            names = "--lora-alpha",
            paramLabel = "R",
            description = "Adapters are scaled by this number over their rank (default: 32).")
    Double alpha;

    @Option(
            names = "--lora-dropout",
            paramLabel = "R",
            description = "Probability that a value of an adapter's input is dropped while training (default: 0.05).")
    Double dropout;

    @Option(
            names = "--lora-targets",
            paramLabel = "NAME,…",
            description =
                    "The linear layers that have adapters, such as q_proj,v_proj, of q_proj, k_proj, v_proj, o_proj,"
                            + " gate_proj, up_proj and down_proj (default: " + LoraConfig.ALL + ", all of them).")
    String targets;

    @Option(
            names = "--lora-base",
            paramLabel = "fp32|bf16",
            description = {
                "How the matrices of the model are held (default: fp32).",
                "fp32: 32-bit floating point.",
                "bf16: bfloat16, rounded, in half the memory."
            })
    String base;

    @Option(
            names = "--lora-from",
            paramLabel = "FOLDER",
            description =
                    "A new run begins with the adapters of a folder as PEFT's, of a checkpoint, or of another run"
                            + " (default: new adapters, which change nothing yet). Without --from, with the model that they name.")
    Path from;

    /** The configuration with the values of the flags that were given; the records check them. */
    RunConfig apply(RunConfig config) {
        RunConfig begun = Flags.set("--lora-from", from, config, config::loraFrom);
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("--lora-rank", rank);
        details.put("--lora-alpha", alpha);
        details.put("--lora-dropout", dropout);
        details.put("--lora-targets", targets);
        details.put("--lora-base", base);
        boolean trained = lora || begun.fineTuning().lora() != null;
        details.forEach((flag, value) -> {
            if (value != null && !trained) {
                throw new BadInputException(flag + " " + value + " is about adapters: --lora trains them.");
            }
        });
        if (!trained) {
            return begun;
        }
        if (begun.fineTuning().from() == null) {
            throw new BadInputException("--lora needs --from FOLDER, the model whose adapters are trained.");
        }
        RunConfig changed = begun.lora(adapters -> adapters);
        changed = set("--lora-rank", rank, changed, LoraConfig::rank);
        changed = set("--lora-alpha", alpha, changed, LoraConfig::alpha);
        changed = set("--lora-dropout", dropout, changed, LoraConfig::dropout);
        changed = set("--lora-targets", targets, changed, LoraConfig::targets);
        return set("--lora-base", base, changed, (adapters, precision) -> adapters.bf16Base(isBf16(precision)));
    }

    private static <V> RunConfig set(String flag, V value, RunConfig config, Setting<V> setting) {
        return Flags.set(flag, value, config, given -> config.lora(adapters -> setting.of(adapters, given)));
    }

    private interface Setting<V> {
        LoraConfig of(LoraConfig adapters, V value);
    }

    private static boolean isBf16(String precision) {
        return switch (precision) {
            case "fp32" -> false;
            case "bf16" -> true;
            default -> throw new IllegalArgumentException("lora base " + precision + " is not one of fp32, bf16.");
        };
    }
}
