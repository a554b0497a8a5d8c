package perdure.export;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The types of tensors in a GGUF file. The bytes are those of llama.cpp's own Python library, gguf-py. The quantised types
 * share one scale, a 16-bit float, among a block of values that follow each other in a row.
 */
public enum GgufType {
    F32(0, 0, 1, Float.BYTES, Float.MAX_VALUE) {
        @Override
        void encodeBlock(float[] values, int from, ByteBuffer target) {
            target.putFloat(values[from]);
        }
    },
    F16(1, 1, 1, Short.BYTES, Floats.LARGEST_F16) {
        @Override
        void encodeBlock(float[] values, int from, ByteBuffer target) {
            target.putShort(Floats.toF16(values[from]));
        }
    },
    BF16(30, 32, 1, Short.BYTES, Floats.LARGEST_BF16) {
        @Override
        void encodeBlock(float[] values, int from, ByteBuffer target) {
            target.putShort(Floats.toBf16(values[from]));
        }
    },
    /** d = largest magnitude / 127; each value is round(x / d), half away from zero. */
    Q8_0(8, 7, 32, Short.BYTES + 32, 127 * Floats.LARGEST_F16) {
        @Override
        void encodeBlock(float[] values, int from, ByteBuffer target) {
            float scale = Math.abs(values[largest(values, from, valuesPerBlock())]) / 127;
            float inverse = inverse(scale);
            target.putShort(Floats.toF16(scale));
            for (int i = from; i < from + valuesPerBlock(); i++) {
                float scaled = values[i] * inverse;
                float magnitude = Math.abs(scaled);
                float floor = (float) Math.floor(magnitude);
                float rounded = floor + (float) Math.floor(2 * (magnitude - floor));
                target.put((byte) integer(Math.signum(scaled) * rounded));
            }
        }
    },
    /**
     * d = the value of largest magnitude / -8; each value is trunc(x / d + 8.5), at most 15. A byte holds value j of the
     * block in its low half and value j + 16 in its high half.
     */
    Q4_0(2, 2, 32, Short.BYTES + 16, 8 * Floats.LARGEST_F16) {
        @Override
        void encodeBlock(float[] values, int from, ByteBuffer target) {
            float scale = values[largest(values, from, valuesPerBlock())] / -8;
            float inverse = inverse(scale);
            target.putShort(Floats.toF16(scale));
            int half = valuesPerBlock() / 2;
            for (int i = from; i < from + half; i++) {
                target.put((byte) (nibble(values[i], inverse) | nibble(values[i + half], inverse) << 4));
            }
        }

        private int nibble(float value, float inverse) {
            return Math.min(15, integer(value * inverse + 8.5f));
        }
    };

    private final int id;
    private final int fileType;
    private final int valuesPerBlock;
    private final int bytesPerBlock;
    private final float largestValue;

    GgufType(int id, int fileType, int valuesPerBlock, int bytesPerBlock, float largestValue) {
        this.id = id;
        this.fileType = fileType;
        this.valuesPerBlock = valuesPerBlock;
        this.bytesPerBlock = bytesPerBlock;
        this.largestValue = largestValue;
    }

    /** As llama.cpp spells it on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Its number in the description of a tensor. */
    int id() {
        return id;
    }

    /** Number of the file type whose matrices have this type. */
    int fileType() {
        return fileType;
    }

    /** The length of a row is a multiple of this number. */
    int valuesPerBlock() {
        return valuesPerBlock;
    }

    /**
     * Checks that the rows of all matrices are whole blocks.
     *
     * @param shapes by name
     * @throws IllegalArgumentException with one line that names the matrix, if the rows of one are not
     */
    public void requireFits(Map<String, List<Long>> shapes) {
        shapes.forEach((name, shape) -> {
            long row = shape.get(shape.size() - 1);
            if (shape.size() > 1 && row % valuesPerBlock != 0) {
                throw new IllegalArgumentException(name + " has rows of " + row + " values, which is not a multiple of "
                        + valuesPerBlock + ", the block of this type.");
            }
        });
    }

    /** Values of greater magnitude would become infinite. */
    float largestValue() {
        return largestValue;
    }

    /** Bytes of so many values, a whole number of blocks. */
    long bytes(long values) {
        return values / valuesPerBlock * bytesPerBlock;
    }

    /** Encodes one block, {@link #valuesPerBlock} values, into a little-endian buffer. */
    abstract void encodeBlock(float[] values, int from, ByteBuffer target);

    /** Index of the value of largest magnitude, the first if there are several. */
    private static int largest(float[] values, int from, int count) {
        int largest = from;
        for (int i = from + 1; i < from + count; i++) {
            if (Math.abs(values[i]) > Math.abs(values[largest])) {
                largest = i;
            }
        }
        return largest;
    }

    private static float inverse(float scale) {
        return scale == 0 ? 0 : 1 / scale;
    }

    /** The whole number; 0 where the scale is so small that its inverse is infinite, as in gguf-py on x86. */
    private static int integer(float value) {
        return Float.isNaN(value) || Float.isInfinite(value) ? 0 : (int) value;
    }
}
