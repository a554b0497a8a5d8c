package perdure.safetensors;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import perdure.safetensors.SafetensorsHeader.Entry;

/**
 * Writes and reads named tensors in the safetensors format. Reading is strict. Python's safetensors library reads the
 * files that are written here, and the other way round. This class does not know what the tensors mean, and it does not
 * force files to the disk.
 *
 * <p>Element types: F64, F32, F16, BF16, I64, I32, U8. A tensor may be strided, on any device, and larger than 2 GiB.
 */
public final class Safetensors {

    private Safetensors() {}

    /**
     * Writes a file. An existing file is replaced.
     *
     * @param tensors by name, of any shape
     * @param metadata free text by name, for the header
     * @throws UncheckedIOException that names the file, if it cannot be written
     * @throws IllegalArgumentException if a tensor's type cannot be stored
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            write(channel, tensors, metadata);
        } catch (IOException problem) {
            throw new UncheckedIOException(file + ": " + problem, problem);
        }
    }

    /**
     * Writes a whole file to a channel. Tensors with larger elements come first, so that every tensor is aligned.
     * Otherwise the order is that of the map.
     */
    public static void write(WritableByteChannel channel, Map<String, Tensor> tensors, Map<String, String> metadata)
            throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        long end = 0;
        for (String name : byAlignment(tensors)) {
            Tensor tensor = tensors.get(name);
            List<Long> shape = shape(tensor);
            Entry entry = new Entry(ElementType.of(tensor.scalar_type()), shape, end, end + tensor.nbytes());
            entries.put(name, entry);
            end = entry.end();
        }
        write(channel, entries, tensors::get, metadata);
    }

    /**
     * Writes a whole file to a channel, of tensors that are made one at a time, as each is written, and freed then.
     *
     * @param shapes by name, in the order of the file
     * @param type of all tensors
     * @param tensor makes the one of a name, in the open {@link PointerScope}
     */
    public static void write(
            WritableByteChannel channel,
            Map<String, List<Long>> shapes,
            ScalarType type,
            Function<String, Tensor> tensor,
            Map<String, String> metadata)
            throws IOException {
        ElementType element = ElementType.of(type);
        Map<String, Entry> entries = new LinkedHashMap<>();
        long end = 0;
        for (Map.Entry<String, List<Long>> shape : shapes.entrySet()) {
            long bytes = shape.getValue().stream().reduce((long) element.bytes(), Math::multiplyExact);
            entries.put(shape.getKey(), new Entry(element, shape.getValue(), end, end + bytes));
            end += bytes;
        }
        write(channel, entries, tensor, metadata);
    }

    private static void write(
            WritableByteChannel channel,
            Map<String, Entry> entries,
            Function<String, Tensor> tensors,
            Map<String, String> metadata)
            throws IOException {
        writeFully(channel, ByteBuffer.wrap(new SafetensorsHeader(entries, metadata).toBytes()));
        for (Map.Entry<String, Entry> entry : entries.entrySet()) {
            try (PointerScope scope = new PointerScope()) {
                Tensor tensor = tensors.apply(entry.getKey());
                requireSame(entry.getKey(), entry.getValue(), tensor);
                TensorBytes.read(tensor, bytes -> writeFully(channel, bytes));
            }
        }
    }

    private static void requireSame(String name, Entry entry, Tensor tensor) {
        if (entry.type() != ElementType.of(tensor.scalar_type())
                || !entry.shape().equals(shape(tensor))) {
            throw new IllegalArgumentException("Tensor \"" + name + "\" is not " + entry.type() + " " + entry.shape());
        }
    }

    private static List<String> byAlignment(Map<String, Tensor> tensors) {
        List<String> names = new ArrayList<>(tensors.keySet());
        names.sort(Comparator.comparingInt(
                name -> -ElementType.of(tensors.get(name).scalar_type()).bytes()));
        return names;
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * The free text of a file's header, by name.
     *
     * @throws DamagedFileException if the header is not as the format says
     */
    public static Map<String, String> metadata(Path file) {
        return header(file).metadata();
    }

    /**
     * The shapes of a file's tensors, by name. No tensor is read.
     *
     * @throws DamagedFileException if the header is not as the format says
     */
    public static Map<String, List<Long>> shapes(Path file) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        header(file).entries().forEach((name, entry) -> shapes.put(name, entry.shape()));
        return shapes;
    }

    /** The header, checked against the length of the file. No tensor is read. */
    static SafetensorsHeader header(Path file) {
        return reading(file, channel -> header(file, channel));
    }

    /**
     * All tensors of a file, on the CPU, in the order of the file. They belong to the caller's open {@link
     * PointerScope}, if there is one.
     *
     * @throws DamagedFileException if the file is not as the format says
     * @throws UncheckedIOException that names the file, if it cannot be read
     */
    public static Map<String, Tensor> read(Path file) {
        return reading(file, channel -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            Map<String, Entry> entries = header(file, channel).entries();
            entries.forEach((name, entry) -> tensors.put(name, empty(entry)));
            fill(tensors, entries, channel);
            return tensors;
        });
    }

    /**
     * Reads every tensor of a file into the given tensor of the same name, which may be a strided view or on another
     * device. Names, shapes and types must be the same on both sides. If they differ, nothing is changed.
     *
     * @throws DamagedFileException if they differ, or if the file is not as the format says
     * @throws UncheckedIOException that names the file, if it cannot be read
     */
    public static void readInto(Path file, Map<String, Tensor> tensors) {
        readInto(file, tensors, name -> true);
    }

    /** As {@link #readInto(Path, Map)}, of those tensors of the file alone whose names are chosen. */
    public static void readInto(Path file, Map<String, Tensor> tensors, Predicate<String> chosen) {
        reading(file, channel -> {
            Map<String, Entry> entries =
                    new LinkedHashMap<>(header(file, channel).entries());
            entries.keySet().removeIf(chosen.negate());
            requireSame(file, entries, tensors);
            fill(tensors, entries, channel);
            return entries;
        });
    }

    /** What a header says of a tensor. */
    public record TensorInfo(String type, List<Long> shape) {}

    /**
     * The element type and shape of every tensor of a file, by name. No tensor is read.
     *
     * @throws DamagedFileException if the header is not as the format says
     */
    public static Map<String, TensorInfo> tensors(Path file) {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        header(file)
                .entries()
                .forEach((name, entry) ->
                        tensors.put(name, new TensorInfo(entry.type().name(), entry.shape())));
        return tensors;
    }

    /**
     * Reads the tensors of these names, among others that the file may have, and converts their elements to the types of
     * the given ones. No tensor is in memory twice.
     *
     * @throws DamagedFileException if one is missing or has another shape, or if the file is not as the format says
     * @throws UncheckedIOException that names the file, if it cannot be read
     */
    public static void readConverted(Path file, Map<String, Tensor> tensors) {
        reading(file, channel -> {
            Map<String, Entry> entries = header(file, channel).entries();
            tensors.forEach((name, tensor) -> {
                Entry entry = entries.get(name);
                List<Long> shape = shape(tensor);
                if (entry == null || !entry.shape().equals(shape)) {
                    throw new DamagedFileException(
                            file,
                            "tensor \"" + name + "\" is "
                                    + (entry == null ? "missing" : entry.shape() + ", not " + shape));
                }
            });
            fill(tensors, entries, channel);
            return entries;
        });
    }

    /**
     * Passes the bytes of one tensor, in the order of the file, to {@code action}, which reads them.
     *
     * @throws DamagedFileException if there is no such tensor, or if the file is not as the format says
     * @throws UncheckedIOException that names the file, if it cannot be read
     */
    public static void readBytes(Path file, String name, Consumer<ByteBuffer> action) {
        reading(file, channel -> {
            Entry entry = header(file, channel).entries().get(name);
            if (entry == null) {
                throw new DamagedFileException(file, "there is no tensor \"" + name + "\"");
            }
            channel.position(channel.position() + entry.begin());
            ByteBuffer block = ByteBuffer.allocate(1 << 16);
            for (long left = entry.end() - entry.begin(); left > 0; left -= block.limit()) {
                readFully(channel, block.clear().limit((int) Math.min(left, block.capacity())));
                action.accept(block.flip());
            }
            return entry;
        });
    }

    private static void requireSame(Path file, Map<String, Entry> entries, Map<String, Tensor> tensors) {
        for (String name : tensors.keySet()) {
            if (!entries.containsKey(name)) {
                throw new DamagedFileException(file, "there is no tensor \"" + name + "\"");
            }
        }
        entries.forEach((name, entry) -> {
            Tensor tensor = tensors.get(name);
            if (tensor == null) {
                throw new DamagedFileException(file, "there is an unexpected tensor \"" + name + "\"");
            }
            List<Long> shape = shape(tensor);
            if (entry.type() != ElementType.of(tensor.scalar_type())
                    || !entry.shape().equals(shape)) {
                throw new DamagedFileException(
                        file,
                        "tensor \"" + name + "\" is " + entry.type() + " " + entry.shape() + ", not "
                                + ElementType.of(tensor.scalar_type()) + " " + shape);
            }
        });
    }

    private static List<Long> shape(Tensor tensor) {
        return Arrays.stream(TensorBytes.shape(tensor)).boxed().toList();
    }

    private static Tensor empty(Entry entry) {
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        return torch.empty(shape, new TensorOptions(entry.type().scalarType()), new MemoryFormatOptional());
    }

    private static SafetensorsHeader header(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < Long.BYTES) {
            throw new DamagedFileException(file, "has " + size + " bytes, too few for a header");
        }
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, start);
        long length = start.getLong(0);
        if (length < 2 || length > SafetensorsHeader.MAXIMUM_LENGTH || length > size - Long.BYTES) {
            throw new DamagedFileException(
                    file, "has a header of " + length + " bytes in a file of " + size + " bytes");
        }
        byte[] header = new byte[(int) length];
        readFully(channel, ByteBuffer.wrap(header));
        return SafetensorsHeader.parse(file, header, size - Long.BYTES - length);
    }

    /**
     * Reads the data behind the header, where the channel is, and converts elements to the types of the tensors. Several at
     * once: the memory that they fill is new, and to supply it takes most of the time.
     */
    private static void fill(Map<String, Tensor> tensors, Map<String, Entry> entries, FileChannel channel)
            throws IOException {
        long data = channel.position();
        try {
            tensors.entrySet().parallelStream().forEach(each -> {
                Entry entry = entries.get(each.getKey());
                try {
                    TensorBytes.fill(each.getValue(), entry.type().scalarType(), from(channel, data + entry.begin()));
                } catch (IOException problem) {
                    throw new UncheckedIOException(problem);
                }
            });
        } catch (UncheckedIOException problem) {
            throw problem.getCause();
        }
    }

    /** Reads what follows a place in a file, whose position stays where it is. */
    private static TensorBytes.BufferAction from(FileChannel channel, long begin) {
        long[] place = {begin};
        return bytes -> {
            while (bytes.hasRemaining()) {
                int count = channel.read(bytes, place[0]);
                if (count < 0) {
                    throw new EOFException("the file ends too early");
                }
                place[0] += count;
            }
        };
    }

    private static void readFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the file ends too early");
            }
        }
    }

    private interface Reading<T> {
        T from(FileChannel channel) throws IOException;
    }

    private static <T> T reading(Path file, Reading<T> reading) {
        DamagedFileException.requireFile(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return reading.from(channel);
        } catch (IOException problem) {
            throw new UncheckedIOException(file + ": " + problem, problem);
        }
    }
}
