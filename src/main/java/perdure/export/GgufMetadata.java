package perdure.export;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.function.Consumer;

/** The pairs of key and value at the beginning of a GGUF file, in the bytes of version 3 of the format. */
final class GgufMetadata {

    private static final int U32 = 4;
    private static final int I32 = 5;
    private static final int F32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    private final Bytes bytes = new Bytes();
    private int pairs;

    /** Numbers and texts as GGUF writes them: little-endian, a text with its length in bytes before it. */
    static final class Bytes extends ByteArrayOutputStream {

        Bytes number(int value) {
            writeBytes(little(Integer.BYTES).putInt(value).array());
            return this;
        }

        Bytes number(long value) {
            writeBytes(little(Long.BYTES).putLong(value).array());
            return this;
        }

        Bytes number(float value) {
            writeBytes(little(Float.BYTES).putFloat(value).array());
            return this;
        }

        Bytes text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            number((long) utf8.length).writeBytes(utf8);
            return this;
        }

        private static ByteBuffer little(int size) {
            return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    GgufMetadata put(String key, int value) {
        key(key, U32).number(value);
        return this;
    }

    GgufMetadata put(String key, double value) {
        key(key, F32).number((float) value);
        return this;
    }

    GgufMetadata put(String key, boolean value) {
        key(key, BOOL).write(value ? 1 : 0);
        return this;
    }

    GgufMetadata put(String key, String value) {
        key(key, STRING).text(value);
        return this;
    }

    GgufMetadata putTexts(String key, Collection<String> values) {
        return putArray(key, STRING, values, bytes::text);
    }

    GgufMetadata putNumbers(String key, Collection<Integer> values) {
        return putArray(key, I32, values, bytes::number);
    }

    GgufMetadata putFloats(String key, Collection<Float> values) {
        return putArray(key, F32, values, bytes::number);
    }

    private <T> GgufMetadata putArray(String key, int type, Collection<T> values, Consumer<T> put) {
        key(key, ARRAY).number(type).number((long) values.size());
        values.forEach(put);
        return this;
    }

    private Bytes key(String key, int type) {
        pairs++;
        return bytes.text(key).number(type);
    }

    /** How many pairs there are. */
    int size() {
        return pairs;
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }
}
