package perdure.run;

import java.util.Locale;
import org.bytedeco.pytorch.global.torch;
import perdure.device.Precision;
import perdure.model.LanguageModel;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.status.Figures;

/**
 * The most memory that training on the CPU takes, in bytes.
 *
 * <p>The sums of what lives at the same time follow from the code: see {@code Tape}, {@code CrossEntropy} and {@code
 * SnapshotBuffer}. The factors for what lives for a moment only are measured; {@code src/docs/FINETUNE.md} shows how near
 * the result is.
 *
 * @param process of the Java virtual machine, libtorch and the data, without the model
 * @param weights float32, 4 bytes for each parameter; of adapters' base 2 if it is held in bfloat16. Another 2 for each if
 *     products are bf16, which has copies; on a GPU autocast makes them for a moment
 * @param training the gradients and AdamW's two moments, 12 bytes for each trained parameter; sharded moments are only
 *     those of this rank
 * @param copy of what is trained and the moments for the checkpoint that is written meanwhile, 12 bytes for each
 * @param activations that the backward pass needs of a micro-batch, and the work space of a layer and of the loss
 */
record MemoryEstimate(long process, long weights, long training, long copy, long activations) {

    /** What libtorch, MKL and oneDNN add to the process with their first products, in bytes. */
    private static final long LIBRARIES = 60_000_000;

    /** Work space of the loss, in blocks of logits: the exponentials, which become their gradient, and parts of them. */
    private static final double LOGITS = 1.6;

    /** Work space of the backward pass and what the allocator keeps free, in activations of one layer. */
    private static final double LAYERS = 1.6;

    /**
     * Of a model in training.
     *
     * @param process resident memory of the process before the model is made
     */
    static MemoryEstimate of(RunConfig config, ModelConfig model, long process) {
        LoraConfig lora = config.fineTuning().lora();
        long trained = config.fineTuning().trainedCount(model);
        long weights = lora == null
                ? Float.BYTES * trained
                : (lora.bf16Base() ? Short.BYTES : Float.BYTES) * model.parameterCount() + Float.BYTES * trained;
        long tokens =
                (long) config.optimization().batching().size() * config.model().context();
        boolean recompute = config.compute().recompute();
        double saved = layerActivations(model);
        double layer = saved + model.intermediateSize(); // The product of gate and up lives as long as it is needed.
        double kept = recompute ? (double) model.layers() * model.hiddenSize() + layer : model.layers() * saved;
        int leaves = config.leaves("cpu");
        int lanes = leaves == 1 ? 1 : Math.min(leaves, torch.get_num_threads());
        double atOnce = (double) tokens / leaves * lanes; // A lane frees one leaf before it begins another.
        double logits =
                LOGITS * lanes * Math.min(atOnce / lanes * model.vocabularySize(), LanguageModel.MAXIMUM_LOGITS);
        double values = atOnce * (kept + LAYERS * layer + 3.0 * model.hiddenSize()) + logits;
        int ranks = config.optimization().adamW().sharded()
                ? config.compute().workers().launch().world()
                : 1; // that share the moments
        long copies = config.compute().precision() == Precision.BF16 ? Short.BYTES * model.parameterCount() : 0;
        return new MemoryEstimate(
                process + LIBRARIES,
                weights + copies,
                Float.BYTES * (trained + 2 * trained / ranks + moreGradients(config, model, trained, lanes)),
                3 * Float.BYTES * trained,
                (long) (Float.BYTES * values));
    }

    /**
     * Values of gradients beyond one for each parameter: of embeddings and output projection in each further lane, and
     * of micro-batches that wait for others.
     */
    private static long moreGradients(RunConfig config, ModelConfig model, long trained, int lanes) {
        long table = (long) model.vocabularySize() * model.hiddenSize();
        long tables = config.fineTuning().lora() != null ? 0 : model.tiedEmbeddings() ? table : 2 * table;
        int accumulation = config.optimization().batching().accumulation();
        int waiting = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(accumulation); // log2
        return (lanes - 1) * tables + waiting * trained;
    }

    /**
     * Values that a layer keeps for the backward pass of one token: the residual stream before each half and its
     * normalised copy; queries, keys and values, the first two also rotated; what attention gives; gate and up.
     */
    private static double layerActivations(ModelConfig model) {
        long queries = (long) model.heads() * model.headSize();
        long keys = (long) model.keyValueHeads() * model.headSize();
        return 4.0 * model.hiddenSize() + 3 * queries + 3 * keys + 2.0 * model.intermediateSize();
    }

    long total() {
        return process + weights + training + copy + activations;
    }

    /** For people, as the rest of a sentence. */
    String describe() {
        return String.format(
                Locale.ROOT,
                "about %s of memory at its peak (%s the process, %s the weights with gradients and moments, %s their copy"
                        + " while it is saved, %s activations)",
                Figures.bytes(total()),
                Figures.bytes(process),
                Figures.bytes(weights + training),
                Figures.bytes(copy),
                Figures.bytes(activations));
    }

    /** The same of a GPU's own memory, which holds neither the process nor the copy. It is not measured there. */
    String describeOnGpu() {
        return String.format(
                Locale.ROOT,
                "about %s of the GPU's memory at its peak (%s the weights with gradients and moments, %s activations)",
                Figures.bytes(weights + training + activations),
                Figures.bytes(weights + training),
                Figures.bytes(activations));
    }
}
