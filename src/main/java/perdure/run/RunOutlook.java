package perdure.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Device;
import perdure.checkpoint.DurableFiles;
import perdure.data.Sequences;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.data.TokenRange;
import perdure.data.TrainingText.Dataset;
import perdure.device.Devices;
import perdure.device.Precision;
import perdure.device.Processor;
import perdure.model.ModelConfig;
import perdure.status.Figures;

/**
 * What can be told of a run before its first step: its data, its model with the memory that it takes, and what is likely
 * to go wrong. It knows no time.
 *
 * @param sequences how the documents become rows
 * @param memory that training takes at its peak
 * @param checkpoint bytes of one
 */
record RunOutlook(
        RunConfig config,
        ModelConfig model,
        Dataset dataset,
        Sequences sequences,
        MemoryEstimate memory,
        long checkpoint) {

    /**
     * Fewer training tokens for each parameter than these make a model that soon knows its text by heart. The default
     * model on the bundled conversations has twice as many and does not.
     */
    private static final double FEWEST_TOKENS = 0.1;

    /** Epochs beyond which the same text teaches nothing more (Muennighoff et al. 2023, figure 5). */
    private static final int MOST_EPOCHS = 40;

    /** A model that is fine-tuned needs fewer, but a few dozen it knows by heart after an epoch or two. */
    private static final int FEWEST_DOCUMENTS = 50;

    /** Multiplications of a forward pass from which on bf16 pays. With 11 billion it is 1.6 times as fast or more. */
    private static final double FEWEST_PRODUCTS = 1L << 32;

    /** What people use to fine-tune is up to 3. */
    private static final int MOST_FINE_TUNING_EPOCHS = 5;

    /** What the validation text is counted with: if no assistant says anything in it, then every token. */
    static Sequences validating(Dataset dataset, Sequences sequences) {
        return dataset.validation().counted(sequences.loss()) > 0
                ? sequences
                : new Sequences(sequences.packing(), Loss.ALL);
    }

    /** For example {@code Data: 5,000 documents with 460,697 training tokens (155,404 count) and 52,394 validation tokens.} */
    String data() {
        TokenRange training = dataset.training();
        long counted = training.counted(sequences.loss());
        TokenRange.Lengths lengths = lengths();
        return String.format(
                Locale.ROOT,
                "Data: %,d training tokens%s in %s, the longest of %,d; %,d validation tokens.",
                training.predictions(),
                counted == training.predictions() ? "" : String.format(Locale.ROOT, " (%,d count)", counted),
                lengths.count() == 1 ? "one document" : String.format(Locale.ROOT, "%,d documents", lengths.count()),
                lengths.longest(),
                dataset.validation().predictions());
    }

    private TokenRange.Lengths lengths() {
        return dataset.training().lengths(config.model().context());
    }

    /** For example {@code Model: 836,864 parameters on cpu (2 threads); about 480 MB of memory at its peak (…).} */
    String model(Device device) {
        FineTuning fineTuning = config.fineTuning();
        return String.format(
                Locale.ROOT,
                "Model: %,d parameters%s on %s; %s.",
                model.parameterCount(),
                fineTuning.lora() == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                " (and %,d of adapters, which are trained)",
                                fineTuning.trainedCount(model)),
                Devices.describe(device),
                device.is_cpu() ? memory.describe() : memory.describeOnGpu());
    }

    /** What would make the run faster, in one line; null if nothing is known to. */
    String advice(Device device, Processor processor) {
        return device.is_cpu()
                        && config.compute().precision() == Precision.FP32
                        && processor.multipliesBf16()
                        && config.products() >= FEWEST_PRODUCTS
                ? "This processor would train this model faster with precision bf16; see the help on it."
                : null;
    }

    /** What is likely to go wrong, one line each with its figure. */
    List<String> warnings(Device device) {
        List<String> warnings = new ArrayList<>();
        warnOfOverfitting(warnings);
        warnOfCuts(warnings);
        if (config.fineTuning().mayLoseItsBase()) {
            warnings.add("Warning: the adapters need their base at every start, and "
                    + config.fineTuning().recorded()
                    + " is a checkpoint, which its run deletes when it has newer ones. Export it and train adapters of"
                    + " what was exported, unless that run is over.");
        }
        if (device.is_cpu()) {
            warnOfMemory(warnings);
        }
        warnOfDisk(warnings);
        return warnings;
    }

    private void warnOfOverfitting(List<String> warnings) {
        if (config.fineTuning().from() != null) {
            warnOfOverfittingAGivenModel(warnings);
            return;
        }
        double tokens = dataset.training().counted(sequences.loss());
        double each = tokens / model.parameterCount();
        if (each < FEWEST_TOKENS) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "Warning: %,.0f training tokens that count are %.2g for each of %,d parameters: the model will soon"
                            + " know this text by heart. A smaller one, more data or patience prevents it.",
                    tokens,
                    each,
                    model.parameterCount()));
        }
        int epochs = config.length().epochs();
        if (epochs > MOST_EPOCHS && config.length().stepsPerEpoch() == 0) {
            warnings.add("Warning: " + epochs + " epochs read the same text more than " + MOST_EPOCHS
                    + " times, which teaches nothing new. Fewer epochs or patience prevents overfitting.");
        }
    }

    private void warnOfOverfittingAGivenModel(List<String> warnings) {
        long documents = lengths().count();
        int epochs = config.length().epochs();
        if (sequences.packing() == Packing.DOCUMENTS && documents < FEWEST_DOCUMENTS
                || epochs > MOST_FINE_TUNING_EPOCHS) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "Warning: %s, read %s: the model will soon know them by heart and forget other things. More"
                            + " data, fewer epochs or patience prevents it.",
                    documents == 1
                            ? "one document is trained on"
                            : String.format(Locale.ROOT, "%,d documents are trained on", documents),
                    epochs == 1 ? "once" : epochs + " times"));
        }
    }

    private void warnOfCuts(List<String> warnings) {
        TokenRange.Lengths lengths = lengths();
        if (sequences.packing() == Packing.DOCUMENTS && lengths.over() > 0) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "Warning: %,d of %,d documents %s longer than the context of %,d tokens and %s cut; the longest has"
                            + " %,d.",
                    lengths.over(),
                    lengths.count(),
                    lengths.over() == 1 ? "is" : "are",
                    config.model().context(),
                    lengths.over() == 1 ? "is" : "are",
                    lengths.longest()));
        }
    }

    private void warnOfMemory(List<String> warnings) {
        if (memory.total() > ModelShape.memory()) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "Warning: training needs about %s of memory, and this machine or container has %s. A smaller batch"
                            + " size, context or model, or recompute, needs less.",
                    Figures.bytes(memory.total()),
                    Figures.bytes(ModelShape.memory())));
        }
    }

    /** Those that are kept, the best one, and the one that is written before an older one is deleted. */
    private void warnOfDisk(List<String> warnings) {
        long checkpoints = config.saving().keep() + 2L;
        try {
            long room = DurableFiles.room(config.folder());
            if (room < checkpoints * checkpoint) {
                warnings.add(String.format(
                        Locale.ROOT,
                        "Warning: %d checkpoints of %s may be on disk at a time, and %s has room for %s.",
                        checkpoints,
                        Figures.bytes(checkpoint),
                        config.folder(),
                        Figures.bytes(room)));
            }
        } catch (IOException unknown) {
            return; // Saving will tell.
        }
    }
}
