package perdure.export;

/** 32-bit floats rounded to 16 bits, to the nearest, and to even where two are equally near (IEEE 754). */
final class Floats {

    /** Values below 65520 are rounded to this, the largest number of five exponent bits and ten of fraction. */
    static final float LARGEST_F16 = 65504;

    /** Eight exponent bits and seven of fraction: the range of a 32-bit float. */
    static final float LARGEST_BF16 = 0x1.FEp127f;

    /** The value of the last bit of the numbers below 2^-14, which have no leading 1. */
    private static final float SMALLEST_F16 = 0x1p-24f;

    private Floats() {}

    /** Java 20 has {@code Float.floatToFloat16}, which does the same. */
    static short toF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude < 0x1p-14f) {
            return (short) (sign | (int) Math.rint(magnitude / SMALLEST_F16));
        }
        if (magnitude >= 65520) {
            return (short) (sign | 0x7c00);
        }
        // The exponent's bias is 127 in 32 bits and 15 in 16; a fraction that is rounded up to 1 carries into it.
        int narrowed = (bits & 0x7fffffff) - (127 - 15 << 23);
        return (short) (sign | halved(narrowed, 13));
    }

    static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? bits >>> 16 | 0x40 : halved(bits, 16));
    }

    /** The bits without the lowest {@code count}, rounded half to even. */
    private static int halved(int bits, int count) {
        return bits + (1 << count - 1) - 1 + (bits >>> count & 1) >>> count;
    }
}
