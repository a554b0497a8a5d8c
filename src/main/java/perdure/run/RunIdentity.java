package perdure.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.Origin;
import perdure.data.Sequences;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.data.TrainingText;
import perdure.device.NativeRuntime;
import perdure.device.Precision;
import perdure.model.ModelConfig;
import perdure.run.BadInputException.Change;
import perdure.train.Lanes;
import perdure.train.LearningRateSchedule;

/**
 * The settings of a run, by name. Every checkpoint records them, so that the next process can take them up ({@link
 * RunConfig#resuming}) and compare them: none changes unnoticed. This record decides which of them may change.
 */
record RunIdentity(Map<String, String> values) {

    static final String TOKENIZER = "tokenizer fingerprint";
    static final String DATA = "data fingerprint";
    static final String VALIDATION_DATA = "validation data fingerprint";
    static final String LIBRARY = "libtorch version";

    /** The folder of the model that the run began with; empty if there is none. */
    static final String FROM = Checkpoint.FROM;

    /** Fingerprint of that model's weights; empty if there is none. */
    static final String FROM_WEIGHTS = Checkpoint.FROM_WEIGHTS;

    /** Names of the settings that were derived from others, or chosen by this machine, since nobody set them. */
    static final String DERIVED = "derived";

    static final String DATA_FILES = "data files";
    static final String VALIDATION_FILES = "validation files";

    /** Whether adapters are trained. What is recorded of them begins with this word. */
    static final String LORA = "lora";

    static final String PACK = "pack";
    static final String LOSS = "loss";

    private static final String SHUFFLE_GROUP = "shuffle group";

    /** Derived if it is at most a tenth of the run. */
    private static final String WARMUP = "warmup steps";

    private static final String BATCH_SIZE = "batch size";
    private static final String ACCUMULATION = "grad accum";
    private static final String STEPS_PER_EPOCH = "steps per epoch";

    /** With another value the weights would not fit. */
    private static final Set<String> FIXED = Set.of(
            "layers",
            "heads",
            "kv heads",
            "hidden size",
            "intermediate size",
            "context",
            "vocab size",
            LORA,
            "lora rank",
            "lora targets",
            TOKENIZER);

    /** The order in which gradients are added up. */
    private static final String SUMMATION = "accumulation";

    /** Whether each rank has the moments of a share of the weights, and adds up the norm of their gradients. */
    private static final String SHARDED = "shard optimizer";

    /** Recorded where that norm depends on it. */
    static final String BUCKET_SIZE = "bucket size";

    private static final String PRECISION = Checkpoint.PRECISION;

    /** How products in bf16 are made. */
    private static final String BF16 = "bf16";

    /** Another value changes the order of the data, which only a new epoch can begin with. */
    private static final Set<String> ORDER = Set.of(
            DATA, VALIDATION_DATA, "encoding", "skip invalid", "document separator", "seed", PACK, LOSS, SHUFFLE_GROUP);

    /** How files are read, which is a part of the fingerprint of their text too. */
    private static final Set<String> READING = Set.of("encoding", "skip invalid", "document separator");

    /** Another value changes how far a step or an epoch reaches, from the next step on. */
    private static final Set<String> GEOMETRY = Set.of(BATCH_SIZE, ACCUMULATION, STEPS_PER_EPOCH);

    /** Another value gives the same run except for rounding. */
    private static final Set<String> ROUNDING = Set.of(
            SUMMATION,
            SHARDED,
            BUCKET_SIZE,
            "leaves",
            "threads per leaf",
            "device",
            PRECISION,
            BF16,
            "lora base",
            LIBRARY);

    /** Recorded to be taken up; whether they change is told elsewhere, is of no interest, or changes no byte. */
    private static final Set<String> UNCOMPARED = Set.of(
            "epochs",
            FROM,
            "lora from",
            "data",
            DATA_FILES,
            "validation",
            VALIDATION_FILES,
            "validation fraction",
            "recompute",
            "threads",
            "checkpoint every",
            "keep",
            "keep every",
            "skip bad steps",
            "validate every",
            "validation steps",
            "patience",
            "warn after",
            DERIVED);

    /** The recorded value if an epoch is the whole data once. */
    static final String WHOLE_DATA = "whole data";

    private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");

    /** May differ from rank to rank. */
    private static final Set<String> OF_A_RANK = Set.of(
            "data",
            DATA_FILES,
            "validation",
            VALIDATION_FILES,
            FROM,
            "lora from",
            "lora base",
            "recompute",
            "threads",
            "threads per leaf",
            "checkpoint every",
            "keep",
            "keep every",
            "warn after",
            Origin.RECORD,
            DERIVED);

    RunIdentity {
        values = new LinkedHashMap<>(values);
    }

    /**
     * What is known of a run beyond its configuration.
     *
     * @param from fingerprint of the weights that the run began with; empty if they were random
     * @param tokenizer fingerprint of the tokenizer
     * @param data fingerprint of the training text
     * @param validationData fingerprint of the validation text
     * @param text the texts, for the sizes of their files
     * @param sequences how documents become rows, and which tokens count
     * @param device the device that was chosen
     * @param threads that compute
     */
    record Found(
            String from,
            String tokenizer,
            String data,
            String validationData,
            TrainingText text,
            Sequences sequences,
            String device,
            int threads) {}

    static RunIdentity of(RunConfig config, Found found) {
        Map<String, Object> values = new LinkedHashMap<>();
        ModelShape shape = config.model();
        ModelConfig model = config.modelConfig();
        values.put("layers", model.layers());
        values.put("heads", model.heads());
        values.put("kv heads", model.keyValueHeads());
        values.put("hidden size", model.hiddenSize());
        values.put("intermediate size", model.intermediateSize());
        values.put("context", shape.context());
        values.put("vocab size", config.fineTuning().model() == null ? shape.vocabularySize() : model.vocabularySize());
        Path from = config.fineTuning().recorded();
        values.put(FROM, from == null ? "" : Remembered.paths(List.of(from)));
        values.put(FROM_WEIGHTS, found.from);
        config.fineTuning().record(values);
        values.put(TOKENIZER, found.tokenizer);
        values.put(DATA, found.data);
        values.put(VALIDATION_DATA, found.validationData);
        Optimization optimization = config.optimization();
        values.put("batch size", optimization.batching().size());
        values.put("grad accum", optimization.batching().accumulation());
        LearningRateSchedule rates = config.rates();
        values.put("learning rate", rates.peak());
        values.put("min learning rate", rates.floor());
        values.put(WARMUP, rates.warmupSteps());
        values.put("schedule", rates.kind());
        values.put("weight decay", optimization.adamW().weightDecay());
        values.put("beta1", optimization.adamW().beta1());
        values.put("beta2", optimization.adamW().beta2());
        values.put("grad clip", optimization.gradientClip());
        values.put("dropout", optimization.dropout());
        values.put(SHARDED, optimization.adamW().sharded());
        if (optimization.adamW().sharded()) {
            values.put(BUCKET_SIZE, config.compute().workers().bucketBytes());
        }
        long steps = config.length().stepsPerEpoch();
        values.put("steps per epoch", steps == 0 ? WHOLE_DATA : steps);
        values.put("seed", config.length().seed());
        values.put(PACK, found.sequences.packing().name().toLowerCase(Locale.ROOT));
        values.put(LOSS, found.sequences.loss().name().toLowerCase(Locale.ROOT));
        values.put(SHUFFLE_GROUP, config.text().shuffleGroup());
        values.put("device", found.device);
        Precision precision = config.compute().precision();
        values.put(PRECISION, precision.name().toLowerCase(Locale.ROOT));
        if (precision == Precision.BF16) {
            values.put(BF16, "explicit");
        }
        values.put("recompute", config.compute().recompute());
        int leaves = config.leaves(found.device);
        values.put(SUMMATION, "tree");
        values.put("leaves", leaves);
        values.put("threads", found.threads);
        values.put("threads per leaf", Lanes.libraryThreads(leaves, found.threads));
        values.put(LIBRARY, NativeRuntime.version());
        values.put("epochs", config.length().epochs());
        values.put("data", Remembered.paths(config.text().data()));
        values.put(DATA_FILES, FileSizes.of(found.text.training()));
        values.put("encoding", config.text().reading().encoding());
        String separator = config.text().reading().separator();
        values.put("document separator", separator == null ? "" : separator);
        values.put("skip invalid", config.text().reading().skipInvalid());
        values.put("validation", Remembered.paths(config.text().validation()));
        if (found.text.validation() != null) {
            values.put(VALIDATION_FILES, FileSizes.of(found.text.validation()));
        }
        values.put("validation fraction", config.text().validationFraction());
        values.put("checkpoint every", config.saving().every());
        values.put("keep", config.saving().keep());
        values.put("skip bad steps", config.length().limits().badSteps());
        values.put("keep every", config.saving().keepEvery());
        values.put("validate every", config.length().validation().every());
        values.put("validation steps", config.length().validation().batches());
        values.put("patience", config.length().validation().patience());
        values.put("warn after", config.length().validation().warnAfter());
        values.put(DERIVED, String.join(", ", derived(config)));
        Map<String, String> texts = new LinkedHashMap<>();
        values.forEach((name, value) -> texts.put(name, value.toString()));
        return new RunIdentity(texts);
    }

    /** The same, with the record of how the run went back: anew, or as it was recorded before. */
    RunIdentity started(String name, RunIdentity saved) {
        Map<String, String> more = new LinkedHashMap<>(values);
        String record = name != null ? name : saved.values.get(Origin.RECORD);
        if (record != null) {
            more.put(Origin.RECORD, record);
        }
        return new RunIdentity(more);
    }

    private static List<String> derived(RunConfig config) {
        Map<String, Boolean> derived = new LinkedHashMap<>();
        derived.put("kv heads", config.model().keyValueHeads() == 0);
        derived.put("intermediate size", config.model().intermediateSize() == 0);
        derived.put("learning rate", config.optimization().learningRate() == 0);
        derived.put("min learning rate", config.optimization().minimumLearningRate() < 0);
        derived.put(WARMUP, config.rates().shortWarmup());
        derived.put(PACK, config.text().sequences().packing() == null);
        derived.put(LOSS, config.text().sequences().loss() == null);
        derived.put("device", config.compute().device().equals("auto"));
        derived.put("threads", config.compute().natives().intraOpThreads() == 0);
        derived.values().removeIf(Boolean.FALSE::equals);
        return List.copyOf(derived.keySet());
    }

    /**
     * The identity that a checkpoint recorded. Version 0.1.0 wrote flags in place of names, and "null" if an epoch had
     * no limit. It knew no documents, and counted every token.
     */
    static RunIdentity recorded(Map<String, String> saved) {
        Map<String, String> values = new TreeMap<>();
        saved.forEach((key, value) -> {
            String name = key.startsWith("--") ? key.substring(2).replace('-', ' ') : key;
            values.put(name, name.equals("steps per epoch") && "null".equals(value) ? WHOLE_DATA : value);
        });
        values.putIfAbsent(PACK, "none");
        values.putIfAbsent(LOSS, "all");
        values.putIfAbsent(SHUFFLE_GROUP, "0");
        values.putIfAbsent(FROM, "");
        values.putIfAbsent(FROM_WEIGHTS, "");
        values.putIfAbsent(LORA, "false");
        values.putIfAbsent(SUMMATION, "sequence");
        values.putIfAbsent(SHARDED, "false");
        if ("bf16".equals(values.get(PRECISION))) {
            values.putIfAbsent(BF16, "autocast");
        }
        return new RunIdentity(values);
    }

    /**
     * What must be the same on all ranks. Their machines, and where these have the data, may differ; the first rank alone
     * saves.
     */
    Map<String, String> ofAllRanks() {
        Map<String, String> common = new TreeMap<>(values);
        common.keySet().removeAll(OF_A_RANK);
        common.put("device", values.get("device").split(":")[0]); // cuda:0 and cuda:1 are the same kind.
        return common;
    }

    /** How the rows of the recorded run are made. */
    Sequences sequences() {
        return new Sequences(
                Packing.valueOf(values.get(PACK).toUpperCase(Locale.ROOT)),
                Loss.valueOf(values.get(LOSS).toUpperCase(Locale.ROOT)));
    }

    /** The learning rate schedule of a run of any length; null if it was not recorded. */
    LearningRateSchedule rates() {
        try {
            return new LearningRateSchedule(
                    LearningRateSchedule.Kind.valueOf(values.get("schedule").toUpperCase(Locale.ROOT)),
                    Double.parseDouble(values.get("learning rate")),
                    Double.parseDouble(values.get("min learning rate")),
                    Long.parseLong(values.get(WARMUP)),
                    List.of(values.getOrDefault(DERIVED, "").split(", ")).contains(WARMUP),
                    1);
        } catch (NullPointerException | IllegalArgumentException absent) {
            return null;
        }
    }

    /**
     * Compares with the identity that a checkpoint recorded.
     *
     * @param accepted whether changes of the data and of the batch geometry are allowed
     * @param atEpochBoundary whether the saved position is between two epochs
     * @return one line for each change that is allowed
     * @throws BadInputException that names all changes that are not allowed, with both values
     */
    List<String> requireSame(RunIdentity saved, boolean accepted, boolean atEpochBoundary) {
        List<String> allowed = new ArrayList<>();
        List<Change> refused = new ArrayList<>();
        boolean sameRows = rowsPerStep().equals(saved.rowsPerStep());
        for (String name : new TreeSet<>(values.keySet())) {
            String before = saved.values.get(name);
            String now = values.get(name);
            // A name that was not recorded cannot have changed.
            if (before == null
                    || before.equals(now)
                    || UNCOMPARED.contains(name)
                    || readOtherwise(name, saved)
                    || name.startsWith(LORA + " ") && !isLora(saved)) {
                continue;
            }
            boolean order = ORDER.contains(name) && !(name.equals(VALIDATION_DATA) && onlyValidates(before, now));
            boolean consent = order
                    || name.equals(VALIDATION_DATA)
                    || GEOMETRY.contains(name) && (!sameRows || name.equals(STEPS_PER_EPOCH));
            if (isMissing(saved, name)) {
                String setting = setting(name);
                refused.add(new Change(
                        setting,
                        setting + " is not recorded, since an earlier version made the run: give it again",
                        false));
                continue;
            }
            Change change = change(saved, name, before, now);
            if (name.equals(FROM_WEIGHTS)) {
                String began = before.isEmpty() ? "random weights" : "other weights, of " + saved.values.get(FROM);
                refused.add(new Change(
                        FROM, FROM + " " + values.get(FROM) + " is too late: the run began with " + began, false));
            } else if (FIXED.contains(name)) {
                refused.add(change.because("the weights would not fit", false));
            } else if (order && !atEpochBoundary) {
                refused.add(change.because(
                        "possible only between two epochs: finish this one as it was, or go back to the end of one before",
                        false));
            } else if (consent && !accepted) {
                refused.add(change.because(null, true));
            } else if (ROUNDING.contains(name) || GEOMETRY.contains(name) && !consent) {
                allowed.add(change.text() + ": the bytes may differ from an unbroken run's.");
            } else {
                allowed.add(change.text() + ".");
            }
        }
        if (!refused.isEmpty()) {
            throw BadInputException.changed(refused);
        }
        return allowed;
    }

    /** Whether adapters are trained now and were before: else what they are like is of no interest. */
    private boolean isLora(RunIdentity saved) {
        return "true".equals(values.get(LORA)) && "true".equals(saved.values.get(LORA));
    }

    /** Whether the text is another only because the same files are read in another way, which is told by itself. */
    private boolean readOtherwise(String name, RunIdentity saved) {
        String files = name.equals(DATA) ? DATA_FILES : name.equals(VALIDATION_DATA) ? VALIDATION_FILES : null;
        return files != null
                && Objects.equals(values.get(files), saved.values.get(files))
                && READING.stream()
                        .anyMatch(way -> saved.values.containsKey(way)
                                && !saved.values.get(way).equals(values.get(way)));
    }

    /** Rows of an optimizer step, as text; empty if they are not recorded. */
    private String rowsPerStep() {
        String size = values.get(BATCH_SIZE);
        String accumulation = values.get(ACCUMULATION);
        return size == null || accumulation == null
                ? ""
                : Long.toString(Long.parseLong(size) * Long.parseLong(accumulation));
    }

    /** Whether both held-out texts are texts of their own, so that the training text is the same. */
    private static boolean onlyValidates(String before, String now) {
        return FINGERPRINT.matcher(before).matches() && FINGERPRINT.matcher(now).matches();
    }

    /** The setting that names a text. */
    private static String setting(String fingerprint) {
        return fingerprint.equals(VALIDATION_DATA) ? "validation" : "data";
    }

    /** Whether the run had a text of its own and did not record where it is, and none is given now. */
    private boolean isMissing(RunIdentity saved, String name) {
        return (name.equals(DATA) || name.equals(VALIDATION_DATA))
                && FINGERPRINT.matcher(saved.values.get(name)).matches()
                && !saved.values.containsKey(setting(name))
                && values.getOrDefault(setting(name), "").isEmpty();
    }

    private Change change(RunIdentity saved, String name, String before, String now) {
        boolean validation = name.equals(VALIDATION_DATA);
        if (!validation && !name.equals(DATA)) {
            boolean set = !name.equals(TOKENIZER) && !name.equals(LIBRARY);
            return Change.of(set ? name : null, name + " was " + shown(before) + " and is " + shown(now) + " now");
        }
        String setting = setting(name);
        String files = validation ? VALIDATION_FILES : DATA_FILES;
        String difference = FileSizes.difference(saved.values.get(files), values.get(files));
        if (validation && !onlyValidates(before, now)) {
            difference = "was " + heldOut(before, saved.values.get(files)) + " and is "
                    + heldOut(now, values.get(files)) + " now";
        }
        return Change.of(setting, setting + " " + difference);
    }

    private static String shown(String value) {
        return value.isEmpty() ? "none" : value;
    }

    private static String heldOut(String value, String files) {
        return FINGERPRINT.matcher(value).matches() ? FileSizes.summary(files) : value;
    }
}
