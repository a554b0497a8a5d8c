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
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Passes the bytes of a tensor, in row-major order and in buffers of bounded size, to code that reads or fills them. A
 * contiguous tensor on the CPU is passed without a copy. Any other tensor (a strided view, one on another device, or one
 * whose elements are converted) is copied one bounded piece at a time.
 */
public final class TensorBytes {

    /** Bytes per buffer: few enough to stay in a processor's cache between hashing and writing. */
    private static final int BUFFER_SIZE = 1 << 20;

    /** Largest copy of a part of a tensor, in bytes. Each thread that reads has one. */
    private static final long PIECE_SIZE = 4L << 20;

    private TensorBytes() {}

    /** Reads or fills all that remains in the buffer. The buffer is valid only during the call. */
    interface BufferAction {
        void accept(ByteBuffer bytes) throws IOException;
    }

    /** Passes all bytes of the tensor to {@code action}, which reads them. */
    static void read(Tensor tensor, BufferAction action) throws IOException {
        pass(tensor, tensor.scalar_type(), action, false);
    }

    /**
     * Passes buffers for elements of a type to {@code action}, which fills them. They are converted to the tensor's type if
     * that is another.
     */
    static void fill(Tensor tensor, ScalarType type, BufferAction action) throws IOException {
        pass(tensor, type, action, true);
    }

    private static void pass(Tensor tensor, ScalarType type, BufferAction action, boolean fill) throws IOException {
        try (PointerScope scope = new PointerScope();
                NoGradGuard noGradient = new NoGradGuard()) {
            if (tensor.is_cpu()
                    && tensor.is_contiguous()
                    && tensor.scalar_type().intern() == type.intern()) {
                passBuffers(tensor, action);
            } else if (tensor.nbytes() <= PIECE_SIZE) {
                passCopy(tensor, type, action, fill);
            } else {
                passPieces(tensor, type, action, fill);
            }
        }
    }

    /** Passes pieces of as many rows of the first dimension as fit. A single row that does not fit is split again. */
    private static void passPieces(Tensor tensor, ScalarType type, BufferAction action, boolean fill)
            throws IOException {
        long rows = tensor.size(0);
        long rowsAtOnce = Math.max(1, PIECE_SIZE / (tensor.nbytes() / rows));
        for (long row = 0; row < rows; row += rowsAtOnce) {
            try (PointerScope scope = new PointerScope()) {
                long count = Math.min(rowsAtOnce, rows - row);
                pass(count == 1 ? tensor.select(0, row) : tensor.narrow(0, row, count), type, action, fill);
            }
        }
    }

    private static void passCopy(Tensor tensor, ScalarType type, BufferAction action, boolean fill) throws IOException {
        Tensor copy = torch.empty(shape(tensor), new TensorOptions(type), new MemoryFormatOptional());
        if (!fill) {
            copy.copy_(tensor);
        }
        passBuffers(copy, action);
        if (fill) {
            tensor.copy_(copy);
        }
    }

    private static void passBuffers(Tensor tensor, BufferAction action) throws IOException {
        long length = tensor.nbytes();
        if (length == 0) {
            return;
        }
        BytePointer base = new BytePointer(tensor.data_ptr()).capacity(length);
        for (long offset = 0; offset < length; offset += BUFFER_SIZE) {
            try (PointerScope scope = new PointerScope()) {
                long count = Math.min(BUFFER_SIZE, length - offset);
                // A ByteBuffer holds at most 2 GiB, so each one has a pointer of its own.
                action.accept(
                        new BytePointer(base.getPointer(offset)).capacity(count).asByteBuffer());
            }
        }
    }

    /** The size of each dimension of a tensor. */
    public static long[] shape(Tensor tensor) {
        long[] shape = new long[Math.toIntExact(tensor.dim())];
        for (int dimension = 0; dimension < shape.length; dimension++) {
            shape[dimension] = tensor.size(dimension);
        }
        return shape;
    }
}
