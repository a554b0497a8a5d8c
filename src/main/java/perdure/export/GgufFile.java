package perdure.export;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import perdure.checkpoint.AtomicFiles;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.SavedWeights;
import perdure.model.ModelConfig;

/**
 * A checkpoint as a GGUF file of version 3: pairs of key and value, the descriptions of all tensors, and their data, all
 * little-endian (<a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">ggml/docs/gguf.md</a>). It is
 * checked when it is made and written tensor by tensor, so that one of them is in memory at a time.
 */
public final class GgufFile {

    private static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;
    private static final int VERSION = 3;

    /** The descriptions and each tensor end at a multiple of this many bytes. */
    private static final int ALIGNMENT = 32;

    /** Values that are encoded at once, unless a row is longer. */
    private static final int VALUES_AT_ONCE = 1 << 18;

    private final ModelConfig config;
    private final SavedWeights weights;
    private final List<GgufTensor> tensors;
    private final byte[] head;

    /**
     * Makes the head of the file. Nothing is written.
     *
     * @param weights of the checkpoint
     * @param type of the matrices, which {@link GgufType#requireFits fits} them
     * @param name of the model, for people
     * @throws IllegalArgumentException with one line that names a file, if GGUF has no form for the model or its tokenizer
     */
    public GgufFile(Checkpoint checkpoint, SavedWeights weights, GgufType type, String name) {
        this.config = checkpoint.config();
        this.weights = weights;
        GgufMetadata metadata = new GgufMetadata();
        named(checkpoint, Checkpoint.CONFIG, () -> GgufArchitecture.describe(config, metadata));
        metadata.put("general.type", "model")
                .put("general.name", name)
                .put("general.file_type", type.fileType())
                .put("general.quantization_version", 2);
        ModelFiles files = new ModelFiles(checkpoint.folder());
        named(checkpoint, ModelFiles.TOKENIZER, () -> new GgufTokenizer(files, config.vocabularySize())
                .describe(metadata));
        this.tensors = GgufTensor.of(config, weights.shapes(), type);
        this.head = head(metadata);
    }

    private static void named(Checkpoint checkpoint, String file, Runnable described) {
        try {
            described.run();
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException(
                    checkpoint.descriptions().get(file) + ": " + refused.getMessage(), refused);
        }
    }

    private byte[] head(GgufMetadata metadata) {
        GgufMetadata.Bytes bytes = new GgufMetadata.Bytes();
        bytes.number(MAGIC).number(VERSION).number((long) tensors.size()).number((long) metadata.size());
        bytes.writeBytes(metadata.toBytes());
        long offset = 0;
        for (GgufTensor tensor : tensors) {
            tensor.describe(bytes, offset);
            offset += padded(tensor.bytes());
        }
        bytes.writeBytes(new byte[(int) (padded(bytes.size()) - bytes.size())]);
        return bytes.toByteArray();
    }

    private static long padded(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Size of the file, in bytes. */
    public long size() {
        return head.length
                + tensors.stream().mapToLong(tensor -> padded(tensor.bytes())).sum();
    }

    /**
     * Writes the file, whole or not at all. An existing one is replaced.
     *
     * @throws java.io.UncheckedIOException with one line, if it cannot be written
     * @throws IllegalArgumentException if a weight is not finite, or too large for the type
     */
    public void write(Path file) {
        AtomicFiles.write(file, channel -> {
            channel.write(ByteBuffer.wrap(head));
            for (GgufTensor tensor : tensors) {
                write(tensor, channel);
                channel.write(ByteBuffer.allocate((int) (padded(tensor.bytes()) - tensor.bytes())));
            }
        });
    }

    private void write(GgufTensor tensor, WritableByteChannel channel) throws IOException {
        if (tensor.source() == null) {
            float[] factors = GgufArchitecture.rotaryFactors(config);
            write(tensor, factors, factors.length, channel);
            return;
        }
        try (PointerScope scope = new PointerScope()) {
            FloatPointer source = weights.read(tensor.source()).data_ptr_float();
            int row = Math.toIntExact(tensor.rowLength());
            int rowsAtOnce = (int) Math.min(tensor.rows(), Math.max(1, VALUES_AT_ONCE / row));
            float[] values = new float[rowsAtOnce * row];
            for (long first = 0; first < tensor.rows(); first += rowsAtOnce) {
                int rows = (int) Math.min(rowsAtOnce, tensor.rows() - first);
                if (tensor.permutedHeads() == 0) {
                    source.position(first * row).get(values, 0, rows * row);
                } else {
                    for (int i = 0; i < rows; i++) {
                        source.position(tensor.sourceRow(first + i) * row).get(values, i * row, row);
                    }
                }
                write(tensor, values, rows * row, channel);
            }
        }
    }

    private static void write(GgufTensor tensor, float[] values, int count, WritableByteChannel channel)
            throws IOException {
        ByteBuffer encoded =
                ByteBuffer.allocate((int) tensor.type().bytes(count)).order(ByteOrder.LITTLE_ENDIAN);
        tensor.encode(values, count, encoded);
        channel.write(encoded.flip());
    }
}
