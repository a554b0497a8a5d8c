package perdure.safetensors;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * The header of a safetensors file: the type, shape and place of each tensor. It does not read or write the tensors
 * themselves.
 *
 * <p>A file consists of the length of the header (8 bytes, little-endian), the header (a JSON object in UTF-8) and the
 * data. Offsets count from the start of the data. The tensors fill the data without gaps or overlaps (<a
 * href="https://github.com/huggingface/safetensors#format">huggingface/safetensors</a>).
 *
 * @param entries by tensor name, in the order of the data
 * @param metadata free text by name
 */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {

    /** Longest header that is written or read, in bytes. */
    static final int MAXIMUM_LENGTH = 100_000_000;

    /** The data starts at a multiple of this many bytes, so that tensors are aligned in a memory-mapped file. */
    private static final int ALIGNMENT = 64;

    private static final String METADATA = "__metadata__";

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /**
     * Type, shape and place of one tensor.
     *
     * @param begin offset of its first byte in the data
     * @param end offset after its last byte in the data
     */
    record Entry(ElementType type, List<Long> shape, long begin, long end) {}

    SafetensorsHeader {
        entries = Collections.unmodifiableMap(entries);
        metadata = Collections.unmodifiableMap(metadata);
    }

    /**
     * The length of the header in eight bytes, then the header, padded with spaces so that the data is aligned.
     *
     * @throws IllegalArgumentException if the header is too long or a tensor has a name that the format reserves
     */
    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(new byte[Long.BYTES]);
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeName(METADATA);
                json.writeStartObject();
                metadata.forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            entries.forEach((name, entry) -> write(json, name, entry));
            json.writeEndObject();
        }
        while (bytes.size() % ALIGNMENT != 0) {
            bytes.write(' ');
        }
        long length = bytes.size() - Long.BYTES;
        if (length > MAXIMUM_LENGTH) {
            throw new IllegalArgumentException(
                    "A header of " + length + " bytes is longer than " + MAXIMUM_LENGTH + " bytes.");
        }
        byte[] result = bytes.toByteArray();
        ByteBuffer.wrap(result).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        return result;
    }

    private static void write(JsonGenerator json, String name, Entry entry) {
        if (name.equals(METADATA)) {
            throw new IllegalArgumentException("No tensor can be named " + METADATA + ".");
        }
        json.writeName(name);
        json.writeStartObject();
        json.writeStringProperty("dtype", entry.type().name());
        json.writeName("shape");
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        json.writeArray(shape, 0, shape.length);
        json.writeName("data_offsets");
        json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
        json.writeEndObject();
    }

    /**
     * Reads a header and checks all of it against the length of the data.
     *
     * @param file its name, for messages
     * @param header the JSON, without the eight bytes of length
     * @param dataLength bytes that follow the header
     * @throws DamagedFileException if anything is not as the format says; no bytes lead to another exception
     */
    static SafetensorsHeader parse(Path file, byte[] header, long dataLength) {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), text(header))) {
            Map<String, Entry> entries = new LinkedHashMap<>();
            Map<String, String> metadata = new LinkedHashMap<>();
            expect(json.nextToken() == JsonToken.START_OBJECT && header[0] == '{', "the header is not an object");
            for (String name = json.nextName(); name != null; name = json.nextName()) {
                expect(json.nextToken() == JsonToken.START_OBJECT, "\"" + name + "\" is not an object");
                if (name.equals(METADATA)) {
                    metadata(json, metadata);
                } else {
                    entries.put(name, entry(json, name));
                }
            }
            expect(
                    json.currentToken() == JsonToken.END_OBJECT && json.nextToken() == null,
                    "there is text after the header");
            return new SafetensorsHeader(tiled(entries, dataLength), metadata);
        } catch (Malformed problem) {
            throw new DamagedFileException(file, problem.getMessage());
        } catch (JacksonException problem) {
            throw new DamagedFileException(
                    file,
                    "the header is not JSON, or has a name twice, at its character "
                            + problem.getLocation().getCharOffset());
        } catch (CharacterCodingException problem) {
            throw new DamagedFileException(file, "the header is not UTF-8");
        }
    }

    private static String text(byte[] header) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(header))
                .toString();
    }

    private static void metadata(JsonParser json, Map<String, String> metadata) {
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            expect(json.nextToken() == JsonToken.VALUE_STRING, METADATA + " \"" + name + "\" is not a string");
            metadata.put(name, json.getString());
        }
    }

    private static Entry entry(JsonParser json, String name) {
        ElementType type = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            switch (key) {
                case "dtype" -> {
                    String dtype = json.nextStringValue();
                    type = ElementType.named(dtype);
                    expect(type != null, "\"" + name + "\" has the unknown dtype " + dtype);
                }
                case "shape" -> shape = sizes(json, name);
                case "data_offsets" -> offsets = sizes(json, name);
                default -> throw new Malformed("\"" + name + "\" has the unknown key \"" + key + "\"");
            }
        }
        expect(type != null, "\"" + name + "\" has no dtype");
        expect(shape != null, "\"" + name + "\" has no shape");
        expect(offsets != null && offsets.size() == 2, "\"" + name + "\" does not have two data_offsets");
        long begin = offsets.get(0);
        long end = offsets.get(1);
        long length = type.bytes();
        try {
            for (long size : shape) {
                length = Math.multiplyExact(length, size);
            }
        } catch (ArithmeticException overflow) {
            throw new Malformed("\"" + name + "\" has a shape beyond any memory: " + shape);
        }
        expect(
                end >= begin && end - begin == length,
                "\"" + name + "\" is " + type + " " + shape + ", which does not fit the data_offsets " + offsets);
        return new Entry(type, List.copyOf(shape), begin, end);
    }

    /** Reads an array of whole numbers from 0 to {@link Long#MAX_VALUE}. */
    private static List<Long> sizes(JsonParser json, String name) {
        expect(
                json.nextToken() == JsonToken.START_ARRAY,
                "\"" + name + "\" has a shape or data_offsets that is not an array");
        List<Long> sizes = new ArrayList<>(4);
        while (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
            long size = json.getLongValue();
            expect(size >= 0, "\"" + name + "\" has the negative number " + size);
            sizes.add(size);
        }
        expect(
                json.currentToken() == JsonToken.END_ARRAY,
                "\"" + name + "\" has an array of something other than numbers");
        return sizes;
    }

    /** The entries sorted by their place in the data, which they must cover exactly once. */
    private static Map<String, Entry> tiled(Map<String, Entry> entries, long dataLength) {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(entries.entrySet());
        sorted.sort(Map.Entry.comparingByValue(
                Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end)));
        Map<String, Entry> tiled = new LinkedHashMap<>();
        long covered = 0;
        for (Map.Entry<String, Entry> next : sorted) {
            Entry entry = next.getValue();
            expect(
                    entry.begin() == covered,
                    "\"" + next.getKey() + "\" begins at " + entry.begin() + ", not " + covered);
            covered = entry.end();
            tiled.put(next.getKey(), entry);
        }
        expect(covered == dataLength, "the tensors end at " + covered + ", the data at " + dataLength);
        return tiled;
    }

    private static void expect(boolean condition, String problem) {
        if (!condition) {
            throw new Malformed(problem);
        }
    }

    /** Says what is wrong. {@link #parse} adds the name of the file. */
    private static final class Malformed extends RuntimeException {

        private static final long serialVersionUID = 1;

        Malformed(String problem) {
            super(problem);
        }
    }
}
