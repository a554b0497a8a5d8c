package perdure.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bytedeco.javacpp.Loader;
import perdure.model.ModelConfig;
import perdure.train.LearningRateSchedule;

/**
 * The settings that shape a run, by name. Every checkpoint records them, and a resumed run compares them, so that none
 * changes unnoticed. This record decides which of them may change.
 */
record RunIdentity(Map<String, String> values) {

    static final String TOKENIZER = "tokenizer fingerprint";
    static final String DATA = "data fingerprint";
    static final String VALIDATION_DATA = "validation data fingerprint";
    static final String LIBRARY = "libtorch version";

    /** With another value the weights would not fit. */
    private static final Set<String> FIXED = Set.of(
            "layers", "heads", "kv heads", "hidden size", "intermediate size", "context", "vocab size", TOKENIZER);

    /** Another value changes the order of the data, which only a new epoch can begin with. */
    private static final Set<String> GEOMETRY =
            Set.of(DATA, VALIDATION_DATA, "batch size", "grad accum", "steps per epoch", "seed");

    /** Another value gives the same run except for rounding. */
    private static final Set<String> ROUNDING = Set.of("threads", "device", "precision", LIBRARY);

    /** The recorded value if an epoch is the whole data once. */
    private static final String WHOLE_DATA = "whole data";

    RunIdentity {
        values = new LinkedHashMap<>(values);
    }

    /**
     * What is known of a run beyond its configuration.
     *
     * @param tokenizer fingerprint of the tokenizer
     * @param data fingerprint of the training text
     * @param validationData fingerprint of the validation text
     * @param device the device that was chosen
     * @param threads per operation
     */
    record Found(String tokenizer, String data, String validationData, String device, int threads) {}

    static RunIdentity of(RunConfig config, Found found) {
        Map<String, Object> values = new LinkedHashMap<>();
        ModelShape shape = config.model();
        ModelConfig model = shape.config(shape.vocabularySize());
        values.put("layers", model.layers());
        values.put("heads", model.heads());
        values.put("kv heads", model.keyValueHeads());
        values.put("hidden size", model.hiddenSize());
        values.put("intermediate size", model.intermediateSize());
        values.put("context", model.context());
        values.put("vocab size", shape.vocabularySize());
        values.put(TOKENIZER, found.tokenizer);
        values.put(DATA, found.data);
        values.put(VALIDATION_DATA, found.validationData);
        Optimization optimization = config.optimization();
        values.put("batch size", optimization.batching().size());
        values.put("grad accum", optimization.batching().accumulation());
        LearningRateSchedule rates = optimization.rates(shape.hiddenSize());
        values.put("learning rate", rates.peak());
        values.put("min learning rate", rates.floor());
        values.put("warmup steps", rates.warmupSteps());
        values.put("schedule", rates.kind());
        values.put("weight decay", optimization.adamW().weightDecay());
        values.put("beta1", optimization.adamW().beta1());
        values.put("beta2", optimization.adamW().beta2());
        values.put("grad clip", optimization.gradientClip());
        values.put("dropout", optimization.dropout());
        long steps = config.length().stepsPerEpoch();
        values.put("steps per epoch", steps == 0 ? WHOLE_DATA : steps);
        values.put("seed", config.length().seed());
        values.put("device", found.device);
        values.put("precision", config.compute().precision().name().toLowerCase(Locale.ROOT));
        values.put("threads", found.threads);
        values.put(LIBRARY, libraryVersion());
        Map<String, String> texts = new LinkedHashMap<>();
        values.forEach((name, value) -> texts.put(name, value.toString()));
        return new RunIdentity(texts);
    }

    private static String libraryVersion() {
        try {
            return Loader.getVersion("org.bytedeco", "pytorch");
        } catch (IOException absent) {
            throw new IllegalStateException("The jar of PyTorch does not contain its version.", absent);
        }
    }

    /**
     * The identity that a checkpoint recorded. Version 0.1.0 wrote flags in place of names, and "null" if an epoch had
     * no limit.
     */
    static RunIdentity recorded(Map<String, String> saved) {
        Map<String, String> values = new TreeMap<>();
        saved.forEach((key, value) -> {
            String name = key.startsWith("--") ? key.substring(2).replace('-', ' ') : key;
            values.put(name, name.equals("steps per epoch") && "null".equals(value) ? WHOLE_DATA : value);
        });
        return new RunIdentity(values);
    }

    /**
     * Compares with the identity that a checkpoint recorded.
     *
     * @param accepted whether changes of the data and of the batch geometry are allowed
     * @param atEpochBoundary whether the saved position is between two epochs
     * @return one line for each change that is allowed
     * @throws BadInputException for the first change that is not allowed: one line that names the setting and both
     *     values
     */
    List<String> requireSame(RunIdentity saved, boolean accepted, boolean atEpochBoundary) {
        List<String> changes = new ArrayList<>();
        for (String name : new TreeSet<>(values.keySet())) {
            String before = saved.values.get(name);
            String now = values.get(name);
            // A name that was not recorded cannot have changed.
            if (before != null && !before.equals(now)) {
                changes.add(allowed(name, before, now, accepted, atEpochBoundary));
            }
        }
        return changes;
    }

    private static String allowed(String name, String before, String now, boolean accepted, boolean atEpochBoundary) {
        String change = name + " was " + before + " when this run was saved and is " + now + " now";
        if (FIXED.contains(name)) {
            throw new BadInputException(
                    flagged(name), change + ": the weights do not fit; set it back, or use another run folder.");
        }
        if (GEOMETRY.contains(name) && !accepted) {
            throw new BadInputException(
                    flagged(name),
                    change + ": set it back, or accept changes to go on so from an epoch's start.",
                    "accept changes",
                    null);
        }
        if (GEOMETRY.contains(name) && !atEpochBoundary) {
            throw new BadInputException(
                    flagged(name),
                    change + ": changes are accepted between epochs only; finish the epoch with the old value first.");
        }
        return ROUNDING.contains(name) ? change + ": the bytes may differ from an unbroken run's." : change + ".";
    }

    /** The setting behind a name; null for fingerprints and versions, which nobody sets. */
    private static String flagged(String name) {
        return name.endsWith("fingerprint") || name.equals(LIBRARY) ? null : name;
    }
}
