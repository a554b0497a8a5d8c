package perdure.cli;

import perdure.run.RunConfig;
import picocli.CommandLine.Mixin;

/** The flags of a run, besides its total of epochs: those of {@code train} and {@code plan}. */
final class TrainingFlags {
    @Mixin
    DataFlags data;

    @Mixin
    RunFlags run;

    @Mixin
    ModelFlags shape;

    @Mixin
    LoraFlags lora;

    @Mixin
    OptimizationFlags optimization;

    @Mixin
    NativeFlags natives;

    /** The configuration with the values of these flags. */
    RunConfig apply(RunConfig config) {
        RunConfig begun = shape.apply(run.apply(data.apply(config)));
        return natives.apply(optimization.apply(lora.apply(begun)));
    }
}
