package perdure.run;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.TrainerState;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.device.Precision;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.train.LearningRateSchedule;
import perdure.train.SaveInterval;

/** Takes up the settings that a checkpoint recorded as {@link RunIdentity}. */
final class Remembered {

    /** How each recorded setting is set. What is not here is compared only. */
    private static final Map<String, BiFunction<RunConfig, String, RunConfig>> SETTINGS = new LinkedHashMap<>();

    static {
        shape("layers", (shape, text) -> shape.layers(Integer.parseInt(text)));
        shape("heads", (shape, text) -> shape.heads(Integer.parseInt(text)));
        shape("kv heads", (shape, text) -> shape.keyValueHeads(Integer.parseInt(text)));
        shape("hidden size", (shape, text) -> shape.hiddenSize(Integer.parseInt(text)));
        shape("intermediate size", (shape, text) -> shape.intermediateSize(Integer.parseInt(text)));
        shape("context", (shape, text) -> shape.context(Integer.parseInt(text)));
        shape("vocab size", (shape, text) -> shape.vocabularySize(Integer.parseInt(text)));
        learning("batch size", (learning, text) -> learning.batchSize(Integer.parseInt(text)));
        learning("grad accum", (learning, text) -> learning.gradientAccumulation(Integer.parseInt(text)));
        learning("learning rate", (learning, text) -> learning.learningRate(Double.parseDouble(text)));
        learning("min learning rate", (learning, text) -> learning.minimumLearningRate(Double.parseDouble(text)));
        learning("warmup steps", (learning, text) -> learning.warmupSteps(Long.parseLong(text)));
        learning(
                "schedule",
                (learning, text) ->
                        learning.schedule(LearningRateSchedule.Kind.valueOf(text.toUpperCase(Locale.ROOT))));
        learning(
                "weight decay",
                (learning, text) -> learning.adamW(learning.adamW().weightDecay(Double.parseDouble(text))));
        learning("beta1", (learning, text) -> learning.adamW(learning.adamW().beta1(Double.parseDouble(text))));
        learning("beta2", (learning, text) -> learning.adamW(learning.adamW().beta2(Double.parseDouble(text))));
        learning("grad clip", (learning, text) -> learning.gradientClip(Double.parseDouble(text)));
        learning("dropout", (learning, text) -> learning.dropout(Double.parseDouble(text)));
        learning(
                "shard optimizer",
                (learning, text) -> learning.adamW(learning.adamW().sharded(Boolean.parseBoolean(text))));
        SETTINGS.put(
                RunIdentity.BUCKET_SIZE,
                (config, text) -> config.workers(config.compute().workers().bucketBytes(Long.parseLong(text))));
        SETTINGS.put("epochs", (config, text) -> config.epochs(Integer.parseInt(text)));
        SETTINGS.put(
                "steps per epoch",
                (config, text) ->
                        text.equals(RunIdentity.WHOLE_DATA) ? config : config.stepsPerEpoch(Long.parseLong(text)));
        lora("lora", (lora, text) -> lora);
        lora("lora rank", (lora, text) -> lora.rank(Integer.parseInt(text)));
        lora("lora alpha", (lora, text) -> lora.alpha(Double.parseDouble(text)));
        lora("lora dropout", (lora, text) -> lora.dropout(Double.parseDouble(text)));
        lora("lora targets", LoraConfig::targets);
        lora("lora base", (lora, text) -> lora.bf16Base(text.equals("bf16")));
        SETTINGS.put("lora from", (config, text) -> text.isEmpty() ? config : config.loraFrom(Path.of(text)));
        SETTINGS.put("seed", (config, text) -> config.seed(Long.parseLong(text)));
        SETTINGS.put("device", RunConfig::device);
        SETTINGS.put("precision", (config, text) -> config.precision(Precision.parse(text)));
        SETTINGS.put("recompute", (config, text) -> config.recompute(Boolean.parseBoolean(text)));
        SETTINGS.put("leaves", (config, text) -> config.leaves(Integer.parseInt(text)));
        SETTINGS.put("threads", (config, text) -> config.threads(Integer.parseInt(text)));
        SETTINGS.put("data", (config, text) -> config.data(paths(text)));
        SETTINGS.put("encoding", RunConfig::encoding);
        SETTINGS.put("document separator", (config, text) -> text.isEmpty() ? config : config.documentSeparator(text));
        SETTINGS.put("skip invalid", (config, text) -> config.skipInvalid(Boolean.parseBoolean(text)));
        SETTINGS.put("validation", (config, text) -> config.validation(paths(text)));
        SETTINGS.put("validation fraction", (config, text) -> config.validationFraction(Double.parseDouble(text)));
        SETTINGS.put(
                RunIdentity.PACK, (config, text) -> config.packing(Packing.valueOf(text.toUpperCase(Locale.ROOT))));
        SETTINGS.put(RunIdentity.LOSS, (config, text) -> config.loss(Loss.valueOf(text.toUpperCase(Locale.ROOT))));
        SETTINGS.put("shuffle group", (config, text) -> config.shuffleGroup(Long.parseLong(text)));
        SETTINGS.put("checkpoint every", (config, text) -> config.checkpointEvery(SaveInterval.parse(text)));
        SETTINGS.put("keep", (config, text) -> config.keep(Integer.parseInt(text)));
        SETTINGS.put("skip bad steps", (config, text) -> config.skipBadSteps(Long.parseLong(text)));
        SETTINGS.put("keep every", (config, text) -> config.keepEvery(Long.parseLong(text)));
        SETTINGS.put("validate every", (config, text) -> config.validateEvery(Long.parseLong(text)));
        SETTINGS.put("validation steps", (config, text) -> config.validationSteps(Long.parseLong(text)));
        SETTINGS.put("patience", (config, text) -> config.patience(Integer.parseInt(text)));
        SETTINGS.put("warn after", (config, text) -> config.warnAfter(Integer.parseInt(text)));
    }

    private Remembered() {}

    private static void shape(String name, BiFunction<ModelShape, String, ModelShape> set) {
        SETTINGS.put(name, (config, text) -> config.model(shape -> set.apply(shape, text)));
    }

    private static void lora(String name, BiFunction<LoraConfig, String, LoraConfig> set) {
        SETTINGS.put(
                name,
                (config, text) ->
                        text.isEmpty() || text.equals("false") ? config : config.lora(lora -> set.apply(lora, text)));
    }

    private static void learning(String name, BiFunction<Optimization, String, Optimization> set) {
        SETTINGS.put(name, (config, text) -> config.optimization(learning -> set.apply(learning, text)));
    }

    /**
     * A configuration with the settings that a checkpoint recorded.
     */
    static RunConfig in(RunConfig config, Checkpoint checkpoint) {
        TrainerState state = checkpoint.state();
        Map<String, String> values = RunIdentity.recorded(state.identity()).values();
        Set<String> derived = values.containsKey(RunIdentity.DERIVED)
                ? Set.of(values.get(RunIdentity.DERIVED).split(", "))
                : derivedBefore(values);
        RunConfig changed = config.epochs(state.plan().epochs());
        String from = values.get(RunIdentity.FROM);
        if (!from.isEmpty()) {
            changed = changed.with(new FineTuning(Path.of(from), checkpoint.config(), null, null));
        }
        for (Map.Entry<String, BiFunction<RunConfig, String, RunConfig>> setting : SETTINGS.entrySet()) {
            String name = setting.getKey();
            String value = values.get(name);
            if (value != null && (!derived.contains(name) || isThreadsHere(name, value))) {
                changed = set(changed, value, setting.getValue());
            }
        }
        return changed;
    }

    /**
     * A configuration with one more setting, by the name that {@link RunIdentity} records it with.
     *
     * @throws IllegalArgumentException if the value cannot be used
     */
    static RunConfig with(RunConfig config, String name, String value) {
        return SETTINGS.get(name).apply(config, value);
    }

    /** Whether it is a number of threads that this machine has cores for: then the bytes stay the same. */
    private static boolean isThreadsHere(String name, String value) {
        return name.equals("threads")
                && value.matches("[1-9][0-9]{0,3}")
                && Integer.parseInt(value) <= Runtime.getRuntime().availableProcessors();
    }

    /** A value that this version cannot use is left out: then it is given anew, or the comparison names it. */
    private static RunConfig set(RunConfig config, String value, BiFunction<RunConfig, String, RunConfig> setting) {
        try {
            return setting.apply(config, value);
        } catch (IllegalArgumentException unusable) {
            return config;
        }
    }

    /** What version 0.1.0 derived, as far as the values tell: it did not record it. */
    private static Set<String> derivedBefore(Map<String, String> values) {
        double width = number(values, "hidden size");
        double peak = number(values, "learning rate");
        Map<String, Boolean> derived = new LinkedHashMap<>();
        derived.put("device", true);
        derived.put("threads", true);
        derived.put("kv heads", number(values, "kv heads") == number(values, "heads"));
        derived.put(
                "intermediate size",
                number(values, "intermediate size") == ModelConfig.usualIntermediateSize((int) width));
        derived.put("learning rate", peak == Optimization.RATE_TIMES_WIDTH / width);
        derived.put("min learning rate", number(values, "min learning rate") == peak / 10);
        derived.values().removeIf(Boolean.FALSE::equals);
        return derived.keySet();
    }

    private static double number(Map<String, String> values, String name) {
        try {
            return Double.parseDouble(values.getOrDefault(name, "0"));
        } catch (NumberFormatException other) {
            return 0;
        }
    }

    /** Paths as one text: absolute, since the next process may have another working directory. One a line. */
    static String paths(List<Path> paths) {
        return paths.stream()
                .map(path -> path.toAbsolutePath().normalize().toString())
                .collect(Collectors.joining("\n"));
    }

    private static Path[] paths(String text) {
        return Arrays.stream(text.split("\n"))
                .filter(line -> !line.isEmpty())
                .map(Path::of)
                .toArray(Path[]::new);
    }
}
