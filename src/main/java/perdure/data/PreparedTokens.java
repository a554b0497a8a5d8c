package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import perdure.data.TokenManifest.Shard;
import perdure.data.TokenParts.Column;
import perdure.tokenizer.Tokenizer;

/**
 * The tokens of a text that {@link PreparedFolder} made, in a folder with the tokenizer. The manifest identifies them. Of
 * a shard only the size is looked at until something in it is read; then its checksum is verified once.
 */
final class PreparedTokens implements Corpus {

    private static final int BLOCK = 1 << 20;

    private final Path folder;
    private final TokenManifest manifest;
    private final String fingerprint;

    private PreparedTokens(Path folder, TokenManifest.Read read) {
        this.folder = folder;
        manifest = read.manifest();
        fingerprint = read.fingerprint();
    }

    /**
     * The tokens in a folder; null if no path has any.
     *
     * @throws IllegalArgumentException with one line, if they are not whole or do not stand alone
     */
    static PreparedTokens in(List<Path> paths, Reading reading) {
        for (Path path : paths) {
            if (PreparedFolder.isUnfinished(path)) {
                throw new IllegalArgumentException(
                        path + " has tokens that are not finished: run tokenize until it says that they are.");
            }
            if (TokenManifest.isIn(path)) {
                if (paths.size() > 1) {
                    throw new IllegalArgumentException(
                            path + " has prepared tokens, which cannot be put together with other data.");
                }
                if (!reading.equals(Reading.DEFAULT)) {
                    throw new IllegalArgumentException(
                            path + " has prepared tokens: how their text is read was decided when they were made.");
                }
                PreparedTokens tokens = new PreparedTokens(path, TokenManifest.read(path));
                tokens.requireFiles();
                return tokens;
            }
        }
        return null;
    }

    /** Whether all files that the manifest in a folder names are there, with their sizes. */
    static boolean areIn(Path folder) {
        try {
            new PreparedTokens(folder, TokenManifest.read(folder)).requireFiles();
            return true;
        } catch (DamagedTokensException incomplete) {
            return false;
        }
    }

    private Stream<Shard> files(Column column) {
        return manifest.shards(column).shards().stream();
    }

    private void requireFiles() {
        for (Column column : Column.values()) {
            int width = manifest.shards(column).width();
            files(column).forEach(shard -> requireSize(shard, shard.count() * width));
        }
    }

    private void requireSize(Shard shard, long bytes) {
        Path file = folder.resolve(shard.name());
        try {
            long size = Files.isRegularFile(file) ? Files.size(file) : -1;
            if (size != bytes) {
                throw new DamagedTokensException(file + (size < 0 ? " is missing" : " has " + size + " bytes") + "; by "
                        + TokenManifest.FILE + " it has " + bytes + ".");
            }
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read " + file + ": " + problem, problem);
        }
    }

    /** The bytes of a shard, whose checksum is right. */
    private ByteBuffer verified(Column column, int number) {
        Shard shard = manifest.shards(column).shards().get(number);
        Path file = folder.resolve(shard.name());
        long bytes = shard.count() * manifest.shards(column).width();
        requireSize(shard, bytes);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer map = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes);
            // Read as a stream: a shard that is mapped page by page comes slowly from some stores.
            CRC32C checksum = new CRC32C();
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
            while (channel.read(block.clear()) > 0) {
                checksum.update(block.flip());
            }
            String found = String.format("%08x", checksum.getValue());
            if (!found.equals(shard.crc32c())) {
                throw new DamagedTokensException(
                        file + " is damaged: its CRC-32C is " + found + " and by " + TokenManifest.FILE + " "
                                + shard.crc32c() + ". Fetch that file again, or delete it and run tokenize again.");
            }
            return map;
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read " + file + ": " + problem, problem);
        }
    }

    /** The numbers of a column, whose shards are verified when they are first read. */
    NumberFile column(Column column) {
        int width = manifest.shards(column).width();
        int shift = Integer.numberOfTrailingZeros(manifest.shard() * width);
        return NumberFile.of(
                number -> verified(column, number),
                width,
                manifest.shards(column).count(),
                shift);
    }

    Path folder() {
        return folder;
    }

    TokenManifest manifest() {
        return manifest;
    }

    /** @throws IllegalArgumentException if it is another tokenizer than that of the tokens */
    private void requireTokenizer(Tokenizer tokenizer) {
        if (!Fingerprint.of(tokenizer).equals(manifest.tokenizer())) {
            throw new IllegalArgumentException(
                    folder + " has tokens of another tokenizer, with " + manifest.vocabulary()
                            + " ids, than that of this run, which has " + tokenizer.vocabularySize() + ".");
        }
    }

    @Override
    public Path prepared() {
        return folder;
    }

    @Override
    public TokenFile tokens(Path cache, Tokenizer tokenizer, TokenizingOptions options) {
        requireTokenizer(tokenizer);
        return TokenFile.of(this);
    }

    @Override
    public Length length(long enough, Tokenizer tokenizer, BooleanSupplier stop) {
        requireTokenizer(tokenizer);
        return new Length(manifest.contents().tokens(), manifest.contents().messages() > 0);
    }

    @Override
    public long check(Tokenizer tokenizer, BooleanSupplier stop) {
        requireTokenizer(tokenizer);
        return manifest.contents().tokens() - manifest.contents().unlearned();
    }

    @Override
    public String fingerprint(BooleanSupplier stop) {
        return fingerprint;
    }

    @Override
    public Map<String, Long> sizes() {
        return Map.of(
                folder.toAbsolutePath().normalize().getFileName() + "/" + TokenManifest.FILE,
                manifest.columns().stream()
                        .mapToLong(column -> column.count() * column.width())
                        .sum());
    }

    @Override
    public String signature() {
        return fingerprint;
    }

    /** The text is not there any more. */
    @Override
    public void read(Predicate<Passage> reader, Runnable nextFile) {
        throw new IllegalArgumentException(folder + " has tokens, and no text that could be read.");
    }
}
