package perdure.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import perdure.device.CudaModule;

/**
 * What lies between the matrix products, on a GPU: one kernel does in one pass over memory what several operators of
 * libtorch do in several. Float32 inside, whatever the type of the tensors. The classes that use it have the formulas,
 * and compute the same by operators elsewhere.
 *
 * <p>Shapes: {@code R} rows, {@code C} columns, {@code I} intermediate size, {@code V} vocabulary.
 */
final class FusedKernels {

    /** {@code -Dperdure.kernels=false} uses libtorch's operators instead. */
    private static final boolean WANTED = !"false".equals(System.getProperty("perdure.kernels"));

    private static final Logger LOG = LoggerFactory.getLogger(FusedKernels.class);
    private static final Map<Integer, Optional<FusedKernels>> LOADED = new ConcurrentHashMap<>();

    private static final String DEVICE = "cuda:";

    /** A thread has that many values at a time. */
    private static final int VALUES = 4;

    /** As many groups of values as a thread of normBackward can have. */
    private static final int GROUPS = 4;

    private static final int THREADS = 256;

    /** Bytes of shared memory that a kernel declares, at most. */
    private static final int RESERVED = 1024;

    private static final int MOST_THREADS = 1024;

    /** Blocks of normBackward, each with a sum of its own. */
    private static final int SUMS = 512;

    private final CudaModule module;

    private final Tensor ones; // (SUMS): a product with them is the fastest sum over rows

    private FusedKernels(CudaModule module, int device) {
        this.module = module;
        try (PointerScope scope = new PointerScope()) {
            ones = torch.ones(SUMS)
                    .to(new Device(DEVICE + device), ScalarType.Float)
                    .retainReference();
        }
    }

    /**
     * Those for tensors like x whose last dimension, and whatever else counts the values of a row, is one of {@code
     * columns}; null where operators do the work.
     */
    static FusedKernels of(Tensor x, long... columns) {
        if (!WANTED || !x.is_cuda()) {
            return null;
        }
        for (long count : columns) {
            if (count % VALUES != 0 || count > Integer.MAX_VALUE) {
                return null;
            }
        }
        return LOADED.computeIfAbsent((int) x.device().index(), FusedKernels::load)
                .orElse(null);
    }

    private static Optional<FusedKernels> load(int device) {
        try (InputStream source = FusedKernels.class.getResourceAsStream("kernels.cu")) {
            String text = new String(source.readAllBytes(), StandardCharsets.UTF_8);
            return Optional.of(new FusedKernels(new CudaModule(text, device), device));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (IllegalStateException | LinkageError problem) {
            LOG.warn("Training takes longer: {}", problem.getMessage());
            return Optional.empty();
        }
    }

    /** Whether a norm of that many columns has a kernel. */
    static boolean normalises(long columns) {
        return columns <= (long) VALUES * GROUPS * MOST_THREADS;
    }

    /** The norm and what its backward pass needs: y [..., C] in a type, and the scales [R]. */
    record Norm(Tensor y, Tensor scales) {}

    /** {@link RmsNorm} of x [..., C] in float32. */
    Norm norm(Tensor x, Tensor weight, double epsilon, ScalarType type) {
        int columns = (int) x.size(-1);
        long rows = x.numel() / columns;
        Tensor y = torch.empty_like(x, x.options().dtype(typed(type)), format());
        Tensor scales = torch.empty(new long[] {rows}, x.options(), format());
        launch(
                "normForward",
                type,
                rows,
                threads(columns),
                address(x),
                address(weight),
                address(y),
                address(scales),
                columns,
                (float) epsilon);
        return new Norm(y, scales);
    }

    /** The gradients of a norm: of x, and of the weight. */
    record NormGradients(Tensor x, Tensor weight) {}

    /**
     * @param gradient dY [..., C]
     * @param added [..., C] to the gradient of x, in float32; null: nothing
     */
    NormGradients normBackward(Tensor gradient, Tensor x, Tensor weight, Tensor scales, Tensor added) {
        int columns = (int) x.size(-1);
        long rows = x.numel() / columns;
        long blocks = Math.min(rows, SUMS);
        Tensor dx = torch.empty_like(x);
        Tensor sums = torch.empty(new long[] {blocks, columns}, x.options(), format());
        Tensor whole = gradient.contiguous();
        launch(
                "normBackward",
                whole.scalar_type(),
                blocks,
                threads(columns),
                address(whole),
                address(x),
                address(weight),
                address(scales),
                added == null ? 0L : address(added.contiguous()),
                address(dx),
                address(sums),
                (int) rows,
                columns);
        return new NormGradients(dx, torch.mv(sums.t(), ones.narrow(0, 0, blocks)));
    }

    /**
     * Rotates, in place, the first heads of every row of x [B, T, …] by their positions.
     *
     * @param cosines and {@code sines}: [T, 1, D], as {@link RotaryEmbedding} has them
     * @param sign -1 to rotate back
     */
    void rotate(Tensor x, Tensor cosines, Tensor sines, long heads, int sign) {
        long size = cosines.size(-1);
        long stride = x.size(-1);
        long rows = x.numel() / stride;
        launch(
                "rotate",
                x.scalar_type(),
                blocks(rows * heads * size / 2),
                THREADS,
                address(x),
                address(cosines),
                address(sines),
                (int) rows,
                (int) x.size(1),
                (int) heads,
                (int) size,
                (int) stride,
                (float) sign);
    }

    /**
     * Queries, keys and values in one tensor of the shape of {@code like} [B, T, (H + 2 K) D].
     *
     * @param parts [B, T, H, D], [B, T, K, D] and [B, T, K, D], each contiguous
     * @param cosines and {@code sines}, by which the first two are rotated back; null: nothing is rotated
     */
    Tensor joined(Tensor like, TensorVector parts, Tensor cosines, Tensor sines) {
        Tensor queries = parts.get(0);
        long size = queries.size(3);
        long rows = like.numel() / like.size(-1);
        Tensor whole = torch.empty(like.sizes().vec().get(), queries.options(), format());
        launch(
                "joined",
                whole.scalar_type(),
                blocks(whole.numel() / 2),
                THREADS,
                address(queries),
                address(parts.get(1)),
                address(parts.get(2)),
                address(whole),
                cosines == null ? 0L : address(cosines),
                sines == null ? 0L : address(sines),
                (int) rows,
                (int) like.size(1),
                (int) queries.size(2),
                (int) parts.get(1).size(2),
                (int) size);
        return whole;
    }

    /** silu(gate) ⊙ up [..., I] of x [..., 2 I]: gate, up. */
    Tensor swiGlu(Tensor x) {
        long[] shape = x.sizes().vec().get();
        shape[shape.length - 1] /= 2;
        Tensor y = torch.empty(shape, x.options(), format());
        int columns = (int) y.size(-1);
        launch(
                "swiGlu",
                x.scalar_type(),
                blocks(y.numel()),
                THREADS,
                address(x),
                address(y),
                (int) (y.numel() / columns),
                columns);
        return y;
    }

    /** Puts the gradient of {@link #swiGlu} in the place of its argument x, given dY [..., I] of the same type. */
    void swiGluBackward(Tensor gradient, Tensor x) {
        Tensor whole = gradient.contiguous();
        int columns = (int) whole.size(-1);
        launch(
                "swiGluBackward",
                x.scalar_type(),
                blocks(whole.numel()),
                THREADS,
                address(whole),
                address(x),
                (int) (whole.numel() / columns),
                columns);
    }

    /**
     * The losses [R] of logits [R, V'], of which the first {@code vocabulary} columns count.
     *
     * @param targets [R] int64; negative: the row does not count
     * @param scale [1] of the gradient, which takes the place of the logits; null: none is wanted
     */
    Tensor crossEntropy(Tensor logits, Tensor targets, Tensor scale, long vocabulary) {
        long rows = logits.size(0);
        Tensor losses = torch.empty(new long[] {rows}, logits.options().dtype(typed(ScalarType.Float)), format());
        long bytes = logits.size(1) * logits.element_size();
        boolean cached = scale != null && bytes + RESERVED <= module.sharedMemory();
        module.launch(
                "crossEntropy" + logits.scalar_type().intern(),
                rows,
                MOST_THREADS,
                cached ? (int) bytes : 0,
                address(logits),
                address(targets),
                scale == null ? 0L : address(scale),
                address(losses),
                (int) vocabulary,
                (int) logits.size(1),
                cached ? 1 : 0);
        return losses;
    }

    private void launch(String kernel, ScalarType type, long blocks, int threads, Object... arguments) {
        module.launch(kernel + type.intern(), blocks, threads, 0, arguments);
    }

    /** For one block for each row. */
    private static int threads(int columns) {
        return Math.min(MOST_THREADS, (columns / VALUES + 31) / 32 * 32);
    }

    private static long blocks(long values) {
        return (values / VALUES + THREADS - 1) / THREADS;
    }

    private static long address(Tensor x) {
        return x.data_ptr().address();
    }

    private static ScalarTypeOptional typed(ScalarType type) {
        return new ScalarTypeOptional(type);
    }

    private static MemoryFormatOptional format() {
        return new MemoryFormatOptional();
    }
}
