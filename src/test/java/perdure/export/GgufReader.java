package perdure.export;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a GGUF file as llama.cpp does, written for tests from the format alone. */
public final class GgufReader {

    /** A tensor with its values as floats, and the place of its data in the file. */
    public record Tensor(List<Long> shape, int type, float[] values, int place) {}

    private final ByteBuffer bytes;
    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private GgufReader(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /** Reads a whole file. */
    public static GgufReader read(Path file) throws IOException {
        GgufReader reader =
                new GgufReader(ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN));
        reader.read();
        return reader;
    }

    public Map<String, Object> metadata() {
        return metadata;
    }

    public Map<String, Tensor> tensors() {
        return tensors;
    }

    private record Description(String name, List<Long> shape, int type, long offset) {}

    private void read() {
        require(bytes.getInt() == 0x46554747 && bytes.getInt() == 3, "not GGUF 3");
        long tensorCount = bytes.getLong();
        long pairs = bytes.getLong();
        for (long i = 0; i < pairs; i++) {
            require(metadata.put(text(), value(bytes.getInt())) == null, "a key twice");
        }
        List<Description> descriptions = new ArrayList<>();
        for (long i = 0; i < tensorCount; i++) {
            String name = text();
            List<Long> shape = new ArrayList<>();
            for (int left = bytes.getInt(); left > 0; left--) {
                shape.add(0, bytes.getLong());
            }
            descriptions.add(new Description(name, shape, bytes.getInt(), bytes.getLong()));
        }
        int data = (bytes.position() + 31) / 32 * 32;
        for (Description each : descriptions) {
            require(each.offset % 32 == 0, each.name + " is not aligned");
            int place = data + (int) each.offset;
            bytes.position(place);
            tensors.put(each.name, new Tensor(each.shape, each.type, values(each), place));
        }
        require(bytes.capacity() == (bytes.position() + 31) / 32 * 32, "bytes are left over");
    }

    private Object value(int type) {
        return switch (type) {
            case 4, 5 -> bytes.getInt();
            case 6 -> bytes.getFloat();
            case 7 -> bytes.get() == 1;
            case 8 -> text();
            case 9 -> {
                int element = bytes.getInt();
                List<Object> values = new ArrayList<>();
                for (long left = bytes.getLong(); left > 0; left--) {
                    values.add(value(element));
                }
                yield values;
            }
            default -> throw new AssertionError("type " + type);
        };
    }

    private String text() {
        byte[] text = new byte[(int) bytes.getLong()];
        bytes.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private float[] values(Description tensor) {
        float[] values =
                new float[(int) tensor.shape.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; ) {
            switch (tensor.type) {
                case 0 -> values[i++] = bytes.getFloat();
                case 1 -> values[i++] = half(bytes.getShort());
                case 30 -> values[i++] = Float.intBitsToFloat(bytes.getShort() << 16);
                case 8 -> {
                    float scale = half(bytes.getShort());
                    for (int j = 0; j < 32; j++) {
                        values[i++] = scale * bytes.get();
                    }
                }
                case 2 -> {
                    float scale = half(bytes.getShort());
                    for (int j = 0; j < 16; j++, i++) {
                        int pair = bytes.get() & 0xff;
                        values[i] = scale * ((pair & 15) - 8);
                        values[i + 16] = scale * ((pair >> 4) - 8);
                    }
                    i += 16;
                }
                default -> throw new AssertionError("type " + tensor.type);
            }
        }
        return values;
    }

    private static float half(short bits) {
        int exponent = bits >> 10 & 31;
        int fraction = bits & 1023;
        double magnitude = exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * Math.pow(2, exponent - 25);
        return (float) (bits < 0 ? -magnitude : magnitude);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
