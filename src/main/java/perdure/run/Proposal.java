package perdure.run;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import perdure.data.TokenRange;
import perdure.train.TrainingOptions.Batching;

/**
 * Proposes the settings of a run that are still open, by rules of thumb that each constant explains. What the user has
 * set stays. It measures nothing.
 */
final class Proposal {

    /** Layers and hidden sizes of the shapes that are proposed, the smallest first. */
    private static final int[][] SHAPES = {{2, 64}, {3, 128}, {4, 192}, {6, 256}, {6, 384}, {8, 512}, {12, 768}};

    /**
     * Parameters for each training token, at most. Of a small text a model learns more if it is larger than what suits
     * one reading (20 tokens for each parameter, Hoffmann et al. 2022), since the text is read several times.
     */
    private static final double PARAMETERS_PER_TOKEN = 2.5;

    /** Tokens that a model reads in all for each parameter, if the text is long enough (Hoffmann et al. 2022). */
    private static final double TOKENS_PER_PARAMETER = 20;

    /** Up to about 16 readings of the same text each teach less than the one before (Muennighoff et al. 2023). */
    private static final int MOST_EPOCHS = 16;

    /** What people use to fine-tune: more makes a model forget. */
    private static final int FINE_TUNING_EPOCHS = 3;

    /** Share of the documents that may be longer than the context. */
    private static final double CUT = 0.01;

    private static final int LEAST_CONTEXT = 64;
    private static final int MOST_CONTEXT = 1024;

    /** Optimizer steps that a run has at least, if its text allows it; more text makes steps larger. */
    private static final long STEPS = 1000;

    private static final int LEAST_ROWS = 8;
    private static final int MOST_ROWS = 64;

    /** The same of a model that is fine-tuned. */
    private static final long FINE_TUNING_STEPS = 100;

    private static final int MOST_FINE_TUNING_ROWS = 16;

    /** Tokens of a micro-batch: more are not faster on a CPU. */
    private static final int MOST_TOKENS = 4096;

    /** Share of this machine's memory that a run may take. */
    private static final double MEMORY = 0.8;

    private final Set<String> given;
    private final Map<String, String> chosen = new LinkedHashMap<>();
    private RunConfig config;

    /** @param given names of the settings that the user has set */
    Proposal(RunConfig config, Set<String> given) {
        this.config = config;
        this.given = given;
    }

    RunConfig config() {
        return config;
    }

    /** What was chosen, by setting. */
    Map<String, String> chosen() {
        return chosen;
    }

    private void choose(String setting, Object value) {
        if (!given.contains(setting)) {
            config = Remembered.with(config, setting, value.toString());
            chosen.put(setting, value.toString());
        }
    }

    /** @param bytes of the files */
    void vocabulary(long bytes) {
        choose("vocab size", bytes < 200_000 ? 512 : bytes < 20_000_000 ? 1536 : bytes < 200_000_000 ? 4096 : 8192);
    }

    /**
     * A power of two that few documents exceed; of text that is cut anyway, one that suits its length.
     *
     * @param packed whether documents stay whole
     */
    void context(TokenRange training, boolean packed) {
        long tokens = training.predictions();
        int most = config.fineTuning().model() == null
                ? MOST_CONTEXT
                : config.fineTuning().usualContext();
        int context = Math.min(LEAST_CONTEXT, most);
        while (2 * context <= most
                && (packed ? cutsMany(training.lengths(context)) : context < 512 && tokens > 2_000L * context)) {
            context *= 2;
        }
        choose("context", context);
    }

    private static boolean cutsMany(TokenRange.Lengths lengths) {
        return lengths.over() > CUT * lengths.count();
    }

    /**
     * The largest shape that the text can feed and that fits into memory; else the smallest.
     *
     * @param ids of the vocabulary
     * @param most parameters that it may have
     */
    void shape(int ids, double most) {
        RunConfig open = config;
        RunConfig found = null;
        for (int[] shape : SHAPES) {
            try {
                config = open;
                int hidden = given.contains("hidden size") ? config.model().hiddenSize() : shape[1];
                choose("layers", shape[0]);
                if (!given.contains("hidden size")) {
                    chosen.put("hidden size", Integer.toString(hidden));
                    config = config.model(model -> model.hiddenSize(hidden));
                }
                choose("heads", heads(hidden));
                boolean fits = config.modelConfig(ids).parameterCount() <= most && fits(ids, 1);
                found = found == null || fits ? config : found;
            } catch (IllegalArgumentException doesNotGoTogether) {
                continue; // Such as heads that were given and do not divide this width.
            }
        }
        config = found == null ? open : found;
        record("layers", config.model().layers());
        record("hidden size", config.model().hiddenSize());
        record("heads", config.model().heads());
    }

    private void record(String setting, int value) {
        if (!given.contains(setting)) {
            chosen.put(setting, Integer.toString(value));
        }
    }

    static double mostParameters(long tokens) {
        return PARAMETERS_PER_TOKEN * tokens;
    }

    /** Heads of size 32 in small models and 64 in others, or the next number that divides the width. */
    private static int heads(int hidden) {
        int heads = Math.max(1, hidden / (hidden <= 128 ? 32 : 64));
        while (hidden % heads != 0 || hidden / heads % 2 != 0 && heads > 1) {
            heads--;
        }
        return heads;
    }

    private boolean fits(int ids, int rows) {
        RunConfig trial = config.optimization(learning -> learning.batchSize(rows));
        MemoryEstimate memory = MemoryEstimate.of(trial, config.modelConfig(ids), 0);
        return memory.total() < MEMORY * ModelShape.memory();
    }

    /**
     * Sequences for each micro-batch and step.
     *
     * @param rows of an epoch
     * @param epochs that are expected
     */
    void batch(int ids, long rows, int epochs) {
        Batching before = config.optimization().batching();
        boolean fineTuning = config.fineTuning().from() != null;
        long wanted = fineTuning
                ? Math.max(1, Math.min(MOST_FINE_TUNING_ROWS, rows * epochs / FINE_TUNING_STEPS))
                : Math.max(LEAST_ROWS, Math.min(MOST_ROWS, rows * epochs / STEPS));
        int step = Integer.highestOneBit((int) wanted);
        int accumulation = given.contains("grad accum") ? before.accumulation() : 1;
        int size = given.contains("batch size") ? before.size() : Math.max(1, step / accumulation);
        while (size > 1
                && !given.contains("batch size")
                && (size > MOST_TOKENS / config.model().context() || !fits(ids, size))) {
            size /= 2;
        }
        choose("batch size", size);
        choose("grad accum", Math.max(1, step / size));
    }

    /** @param tokens of an epoch */
    int epochs(int ids, long tokens) {
        double wanted = TOKENS_PER_PARAMETER * config.modelConfig(ids).parameterCount() / tokens;
        choose(
                "epochs",
                config.fineTuning().model() != null
                        ? FINE_TUNING_EPOCHS
                        : (int) Math.max(1, Math.min(MOST_EPOCHS, Math.round(wanted))));
        return config.length().epochs();
    }

    /** @param steps of the whole run */
    void rates(long steps) {
        BigDecimal rate = new BigDecimal(config.rates().peak()).round(new MathContext(2));
        choose("learning rate", rate.stripTrailingZeros().toPlainString());
        choose("warmup steps", Math.max(1, Math.min(Optimization.USUAL_WARMUP_STEPS, steps / 10)));
    }
}
