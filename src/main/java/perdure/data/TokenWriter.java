package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.zip.CRC32C;
import perdure.data.TokenParts.Column;
import perdure.data.TokenParts.Extent;
import perdure.data.TokenParts.Part;

/** Writes a token file part by part, after those that are there already. It is for one thread. */
final class TokenWriter implements AutoCloseable {

    /**
     * The tokens of a piece of text or of a conversation.
     *
     * @param learned which of them the loss on assistant turns counts
     * @param messages of a conversation; 0 for text
     * @param again whether it is a further sample of the conversation before it: then they are on the same side when documents
     *     are held out
     */
    record Encoded(int[] ids, BitSet learned, int messages, boolean endsDocument, boolean again) {}

    private final Path folder;
    private final boolean continues;
    private final TokenParts.Header header;
    private final Map<Column, Output> outputs = new EnumMap<>(Column.class);
    private final FileChannel contents;
    private long tokens;
    private long documents;
    private long document;
    private long lastDocument;
    private long unlearned;
    private long unlearnedBefore; // in the parts before
    private long messages;
    private boolean unlearnedSpan;

    /** The end of one column. */
    private static final class Output implements AutoCloseable {
        private final FileChannel channel;
        private final int width;
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        private CRC32C checksum = new CRC32C();
        private long count;

        private Output(Path file, int width, long size) throws IOException {
            this.width = width;
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.truncate(size * width).position(size * width);
        }

        private void put(long number) throws IOException {
            if (buffer.remaining() < width) {
                flush();
            }
            TokenWriter.put(buffer, width, number);
            count++;
        }

        private void flush() throws IOException {
            buffer.flip();
            checksum.update(buffer.duplicate());
            writeFully(channel, buffer);
            buffer.clear();
        }

        private Extent endPart() throws IOException {
            flush();
            Extent extent = new Extent(count, (int) checksum.getValue());
            checksum = new CRC32C();
            count = 0;
            return extent;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /**
     * @param kept parts that are in the folder and stay; everything after them is cut off
     * @param continues whether a part goes on with the document that is open at the end of the one before; else parts
     *     between them are elsewhere, and the hash of a document begins anew in each
     */
    TokenWriter(Path folder, TokenParts kept, boolean continues) throws IOException {
        this.folder = folder;
        this.continues = continues;
        header = kept.header();
        Files.createDirectories(folder);
        for (Column column : Column.values()) {
            outputs.put(column, new Output(column.in(folder), header.width(column), kept.count(column)));
        }
        contents = FileChannel.open(
                folder.resolve(TokenParts.FILE),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        keep(kept.text().getBytes(StandardCharsets.UTF_8));
        tokens = kept.count(Column.IDS);
        documents = kept.count(Column.DOCUMENTS) / 2;
        unlearned = kept.parts().stream().mapToLong(Part::unlearned).sum();
        unlearnedBefore = unlearned;
        document = kept.parts().isEmpty() || !continues
                ? 0
                : kept.parts().get(kept.parts().size() - 1).openDocument();
    }

    /** Puts a number of some bytes. */
    static void put(ByteBuffer buffer, int width, long number) {
        switch (width) {
            case Short.BYTES -> buffer.putShort((short) number);
            case Integer.BYTES -> buffer.putInt((int) number);
            default -> buffer.putLong(number);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Cuts off what follows these lines. They are not written again, so that a kill cannot lose them. */
    private void keep(byte[] lines) throws IOException {
        ByteBuffer there = ByteBuffer.allocate(lines.length);
        while (there.hasRemaining() && contents.read(there) > 0) {}
        boolean kept = !there.hasRemaining() && Arrays.equals(there.array(), lines);
        contents.truncate(kept ? lines.length : 0);
        if (!kept) {
            writeFully(contents, ByteBuffer.wrap(lines));
        }
    }

    private void append(String lines) throws IOException {
        writeFully(contents, ByteBuffer.wrap(lines.getBytes(StandardCharsets.UTF_8)));
    }

    /** The next passage is the first of a file. */
    void beginSource() throws IOException {
        outputs.get(Column.SOURCES).put(documents);
    }

    /** The hash of the tokens of a document, from the hash of those before and the next id. It begins with 0. */
    static long hash(long document, long id) {
        return Permutation.mix(document * 31 + id + 1);
    }

    void write(Encoded passage) throws IOException {
        int[] ids = passage.ids();
        for (int i = 0; i < ids.length; i++) {
            boolean learned = passage.learned().get(i);
            if (!learned && !unlearnedSpan) {
                outputs.get(Column.UNLEARNED).put(tokens);
                outputs.get(Column.UNLEARNED).put(unlearned);
            }
            unlearnedSpan = !learned;
            unlearned += learned ? 0 : 1;
            outputs.get(Column.IDS).put(ids[i]);
            document = hash(document, ids[i]);
            tokens++;
        }
        messages += passage.again() ? 0 : passage.messages();
        if (passage.endsDocument()) {
            lastDocument = passage.again() ? lastDocument : document;
            outputs.get(Column.DOCUMENTS).put(tokens);
            outputs.get(Column.DOCUMENTS).put(lastDocument);
            documents++;
            document = 0;
        }
    }

    /** Finishes a part. From here on it stays, whatever happens to the process. */
    Part endPart(String text, long characters) throws IOException {
        Map<Column, Extent> columns = TokenParts.columns();
        for (Column column : Column.values()) {
            columns.put(column, outputs.get(column).endPart());
        }
        Part part = new Part(text, characters, messages, unlearned - unlearnedBefore, document, columns);
        append(TokenParts.line(part));
        document = continues ? document : 0;
        messages = 0;
        unlearnedBefore = unlearned;
        unlearnedSpan = false;
        return part;
    }

    /** Finishes the file and forces it to the disk. */
    void finish(String corpus) throws IOException {
        append(TokenParts.end(corpus));
        for (Output output : outputs.values()) {
            output.channel.force(true);
        }
        contents.force(true);
    }

    @Override
    public void close() {
        try {
            for (Output output : outputs.values()) {
                output.close();
            }
            contents.close();
        } catch (IOException problem) {
            throw new UncheckedIOException(
                    "Cannot write the tokens to " + folder + ": " + problem.getMessage(), problem);
        }
    }
}
