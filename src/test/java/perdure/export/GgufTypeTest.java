package perdure.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Agreement with gguf-py, on bytes that {@code scripts/golden/gguf_types.py} made. */
class GgufTypeTest {

    private static final Path FOLDER = Path.of("src/test/resources/golden/gguf");
    private static final int ROW = 32;

    @ParameterizedTest
    @EnumSource(GgufType.class)
    void givesTheBytesOfGgufPy(GgufType type) throws IOException {
        float[] values = floats();
        byte[] expected =
                Files.readAllBytes(FOLDER.resolve("rows." + type.name().toLowerCase(Locale.ROOT)));

        assertEquals(expected.length, type.bytes(values.length));
        int bytes = (int) type.bytes(ROW);
        for (int row = 0; row < values.length / ROW; row++) {
            float[] block = Arrays.copyOfRange(values, row * ROW, (row + 1) * ROW);
            assertArrayEquals(
                    Arrays.copyOfRange(expected, row * bytes, (row + 1) * bytes),
                    encoded(type, block),
                    type + " of " + Arrays.toString(block));
        }
        assertTrue(values.length > 100 * ROW);
    }

    /** Of the nearest 16-bit floats there is none nearer, and it has a last bit of 0 if another is as near. */
    @Property
    void roundsToTheNearest(@ForAll float value) {
        for (int bits : new int[] {Floats.toF16(value) & 0xffff, Floats.toBf16(value) & 0xffff}) {
            assertEquals(Float.floatToRawIntBits(value) >>> 31, bits >>> 15);
        }
        int nearest = Floats.toBf16(value) & 0xffff;
        double error = Math.abs(widened(nearest) - (double) value);
        for (int other : new int[] {nearest - 1, nearest + 1}) {
            if (Float.isFinite(widened(nearest)) && Float.isFinite(widened(other & 0xffff))) {
                double others = Math.abs(widened(other & 0xffff) - (double) value);
                assertTrue(error < others || error == others && nearest % 2 == 0, value + " as " + nearest);
            }
        }
    }

    private static float widened(int bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    private static float[] floats() throws IOException {
        ByteBuffer bytes =
                ByteBuffer.wrap(Files.readAllBytes(FOLDER.resolve("rows.f32"))).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    private static byte[] encoded(GgufType type, float[] values) {
        ByteBuffer target = ByteBuffer.allocate((int) type.bytes(values.length)).order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < values.length; from += type.valuesPerBlock()) {
            type.encodeBlock(values, from, target);
        }
        return target.array();
    }
}
