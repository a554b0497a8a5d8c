package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import perdure.tokenizer.Tokenizer;

/**
 * The token ids of a corpus in a memory-mapped file, which may be larger than memory.
 *
 * <p>It is a cache. Its name is made from the fingerprint of corpus and tokenizer. A file whose header or checksum is
 * wrong is built again. Several threads may read it.
 */
public final class TokenFile {

    private final Path path;
    private final TokenFileHeader header;
    private final ByteBuffer[] maps;
    private final int idsPerMapShift;

    private TokenFile(Path path, TokenFileHeader header, ByteBuffer[] maps, int idsPerMapShift) {
        this.path = path;
        this.header = header;
        this.maps = maps;
        this.idsPerMapShift = idsPerMapShift;
    }

    /**
     * Opens the token file of a corpus in the given folder. A missing or damaged file is built first. A plain text
     * document becomes the tokens of its text, a conversation those of its ChatML messages. {@code <|endoftext|>}
     * follows each document.
     *
     * @param stop asked between passages
     * @throws CancellationException if {@code stop} returns true; nothing is left behind
     * @throws IllegalArgumentException if the corpus has bad content; nothing is left behind
     * @throws UncheckedIOException if the file cannot be read or written
     */
    public static TokenFile open(Path folder, Corpus corpus, Tokenizer tokenizer, BooleanSupplier stop) {
        String fingerprint = new Fingerprint()
                .add(TokenFileHeader.VERSION)
                .add((corpus.fingerprint(stop) + Fingerprint.of(tokenizer)).getBytes(StandardCharsets.US_ASCII))
                .hex();
        Path file = folder.resolve("tokens-" + fingerprint.substring(0, 16) + ".bin");
        try {
            TokenFileHeader header = valid(file, fingerprint, tokenizer.vocabularySize(), stop);
            if (header == null) {
                header = build(file, fingerprint, corpus, tokenizer, stop);
            }
            return map(file, header, 28);
        } catch (IOException exception) {
            throw new UncheckedIOException("Cannot read or write " + file + ": " + exception, exception);
        }
    }

    /** The header of the file, or null if the file is damaged or belongs to another corpus or tokenizer. */
    private static TokenFileHeader valid(Path file, String fingerprint, int vocabularySize, BooleanSupplier stop)
            throws IOException {
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            TokenFileHeader header = TokenFileHeader.read(channel);
            if (header == null
                    || !header.fingerprint().equals(fingerprint)
                    || header.vocabularySize() != vocabularySize
                    || channel.size() != header.fileSize()) {
                return null;
            }
            CRC32C checksum = new CRC32C();
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (channel.read(buffer.clear()) > 0) {
                checkStop(stop);
                checksum.update(buffer.flip());
            }
            return (int) checksum.getValue() == header.checksum() ? header : null;
        }
    }

    private static TokenFileHeader build(
            Path file, String fingerprint, Corpus corpus, Tokenizer tokenizer, BooleanSupplier stop)
            throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.createDirectories(file.toAbsolutePath().getParent());
        try {
            TokenFileHeader header;
            try (TokenFileWriter writer = new TokenFileWriter(temporary, tokenizer.vocabularySize())) {
                int[] end = {tokenizer.endOfText()};
                corpus.read(passage -> {
                    checkStop(stop);
                    writer.write(passage.encode(tokenizer));
                    if (passage.endsDocument()) {
                        writer.write(end);
                    }
                    return true;
                });
                header = writer.finish(fingerprint);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return header;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void checkStop(BooleanSupplier stop) {
        if (stop.getAsBoolean()) {
            throw new CancellationException("Stopped while tokenizing the text.");
        }
    }

    /** @param idsPerMapShift binary logarithm of the number of ids per map; a map holds at most 2 GiB */
    static TokenFile map(Path file, TokenFileHeader header, int idsPerMapShift) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long idsPerMap = 1L << idsPerMapShift;
            ByteBuffer[] maps = new ByteBuffer[Math.toIntExact((header.count() + idsPerMap - 1) >> idsPerMapShift)];
            for (int i = 0; i < maps.length; i++) {
                long first = i * idsPerMap;
                maps[i] = channel.map(
                                FileChannel.MapMode.READ_ONLY,
                                TokenFileHeader.SIZE + first * header.width(),
                                Math.min(idsPerMap, header.count() - first) * header.width())
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
            return new TokenFile(file, header, maps, idsPerMapShift);
        }
    }

    /** Path of the file. */
    public Path path() {
        return path;
    }

    /** Number of tokens. */
    public long size() {
        return header.count();
    }

    /** The token id at an index, from zero. */
    public int id(long index) {
        ByteBuffer map = maps[(int) (index >> idsPerMapShift)];
        int place = (int) (index & (1L << idsPerMapShift) - 1) * header.width();
        return header.width() == Short.BYTES ? Short.toUnsignedInt(map.getShort(place)) : map.getInt(place);
    }

    /** SHA-256 of the corpus and the tokenizer that the ids come from, in hexadecimal. */
    public String fingerprint() {
        return header.fingerprint();
    }

    /** All tokens. */
    public TokenRange all() {
        return new TokenRange(this, 0, size());
    }

    /**
     * The training tokens: all but the last {@code fraction}.
     *
     * @throws IllegalArgumentException if the fraction leaves fewer than 2 tokens on one side
     */
    public TokenRange training(double fraction) {
        return new TokenRange(this, 0, border(fraction));
    }

    /**
     * The validation tokens: the last {@code fraction}.
     *
     * @throws IllegalArgumentException if the fraction leaves fewer than 2 tokens on one side
     */
    public TokenRange validation(double fraction) {
        return new TokenRange(this, border(fraction), size());
    }

    private long border(double fraction) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException("validation fraction " + fraction + " is not between 0 and 1.");
        }
        long border = size() - (long) (size() * fraction);
        if (border < 2 || size() - border < 2) {
            throw new IllegalArgumentException("validation fraction " + fraction + " of " + size()
                    + " tokens leaves fewer than 2 tokens on one side.");
        }
        return border;
    }
}
