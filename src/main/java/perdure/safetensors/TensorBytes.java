package perdure.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Lends the bytes of a tensor, in row-major order and in bounded windows, to something that reads or fills them.
 * A tensor that is contiguous on the CPU is lent as it lies; of any other (strided views, other devices) a bounded
 * piece at a time passes through a copy.
 */
public final class TensorBytes {

    /** Bytes lent at once: small enough to stay in a processor's cache between hashing and writing. */
    private static final int WINDOW = 1 << 20;

    /** Largest copy that is made of a part of a tensor, in bytes, unless one row of one dimension is larger. */
    private static final long PIECE = 16L << 20;

    private TensorBytes() {}

    /** Takes or fills all that remains in the buffer, which is valid only during the call. */
    interface Window {
        void accept(ByteBuffer bytes) throws IOException;
    }

    static void read(Tensor tensor, Window window) throws IOException {
        pass(tensor, window, false);
    }

    static void fill(Tensor tensor, Window window) throws IOException {
        pass(tensor, window, true);
    }

    private static void pass(Tensor tensor, Window window, boolean fill) throws IOException {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGradient = new NoGradGuard()) {
            if (tensor.is_cpu() && tensor.is_contiguous()) {
                lend(tensor, window);
            } else if (tensor.nbytes() <= PIECE) {
                copied(tensor, window, fill);
            } else {
                split(tensor, window, fill);
            }
        }
    }

    /** Along the first dimension, as many rows at a time as fit into a piece; one row that does not fit, recursively. */
    private static void split(Tensor tensor, Window window, boolean fill) throws IOException {
        long rows = tensor.size(0);
        long rowsAtOnce = Math.max(1, PIECE / (tensor.nbytes() / rows));
        for (long row = 0; row < rows; row += rowsAtOnce) {
            try (PointerScope scope = new PointerScope()) {
                long count = Math.min(rowsAtOnce, rows - row);
                pass(count == 1 ? tensor.select(0, row) : tensor.narrow(0, row, count), window, fill);
            }
        }
    }

    private static void copied(Tensor tensor, Window window, boolean fill) throws IOException {
        Tensor copy = torch.empty(shape(tensor), new TensorOptions(tensor.scalar_type()), new MemoryFormatOptional());
        if (!fill) {
            copy.copy_(tensor);
        }
        lend(copy, window);
        if (fill) {
            tensor.copy_(copy);
        }
    }

    private static void lend(Tensor tensor, Window window) throws IOException {
        long length = tensor.nbytes();
        if (length == 0) {
            return;
        }
        BytePointer base = new BytePointer(tensor.data_ptr()).capacity(length);
        for (long offset = 0; offset < length; offset += WINDOW) {
            try (PointerScope scope = new PointerScope()) {
                long count = Math.min(WINDOW, length - offset);
                // A buffer reaches 2 GiB at most, so each window has a pointer of its own.
                window.accept(
                        new BytePointer(base.getPointer(offset)).capacity(count).asByteBuffer());
            }
        }
    }

    public static long[] shape(Tensor tensor) {
        long[] shape = new long[Math.toIntExact(tensor.dim())];
        for (int dimension = 0; dimension < shape.length; dimension++) {
            shape[dimension] = tensor.size(dimension);
        }
        return shape;
    }
}
