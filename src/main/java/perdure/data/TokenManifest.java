package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import perdure.data.TokenParts.Column;
import perdure.tokenizer.JsonProblem;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The manifest of prepared tokens, {@value #FILE}: its SHA-256 identifies them, since it has the checksum of every shard.
 * It is written last, so tokens with a manifest are whole.
 *
 * @param format version of the layout; a higher one is refused
 * @param text what the tokens were made of: a SHA-256 of the sizes and beginnings of the files, and how they were read
 * @param tokenizer its fingerprint
 * @param vocabulary number of token ids
 * @param vocabSize tokens that the tokenizer was to learn; if it was given, the number of ids
 * @param contents what all tokens are together
 * @param shard numbers of a shard, a power of two; the last one of a column may have fewer
 * @param columns of {@link Column}, in that order
 */
record TokenManifest(
        int format,
        String text,
        String tokenizer,
        int vocabulary,
        int vocabSize,
        Contents contents,
        int shard,
        List<Shards> columns) {

    static final String FILE = "tokens.json";

    static final int FORMAT = 1;

    /** Numbers of a shard: 2^27 numbers of 8 bytes are the most that a map may hold. */
    static final int MOST = 1 << 27;

    static final int LEAST = 1 << 3;

    /** Some 700,000 shards. */
    private static final long LONGEST = 64L << 20;

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .defaultPrettyPrinter(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")))
            .build();

    /**
     * What all tokens are together.
     *
     * @param messages of conversations
     * @param unlearned tokens that the loss on assistant turns does not count
     */
    record Contents(long tokens, long documents, long files, long messages, long unlearned) {}

    /**
     * The shards of a column.
     *
     * @param width bytes of a number, little-endian
     */
    record Shards(String name, int width, List<Shard> shards) {
        long count() {
            return shards.stream().mapToLong(Shard::count).sum();
        }
    }

    /**
     * A file.
     *
     * @param count of the numbers in it
     * @param crc32c of its bytes, as 8 hexadecimal digits
     */
    record Shard(String name, long count, String crc32c) {}

    /** The name of a column's shard. */
    static String name(Column column, int number) {
        return String.format(Locale.ROOT, "%s-%05d.bin", column.name().toLowerCase(Locale.ROOT), number);
    }

    static String name(Column column) {
        return column.name().toLowerCase(Locale.ROOT);
    }

    Shards shards(Column column) {
        return columns.get(column.ordinal());
    }

    /** Content of the file. */
    byte[] json() {
        return JSON.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(this);
    }

    /** Whether a path is a folder with a manifest. A file of data may have the same name. */
    static boolean isIn(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (InputStream input = Files.newInputStream(file)) {
            String head = new String(input.readNBytes(64), StandardCharsets.UTF_8);
            return head.matches("(?s)\\s*\\{\\s*\"format\"\\s*:\\s*[0-9]+\\s*,.*");
        } catch (IOException unreadable) {
            return false;
        }
    }

    /** A manifest, and the SHA-256 of its file. */
    record Read(TokenManifest manifest, String fingerprint) {}

    /**
     * The manifest in a folder.
     *
     * @throws IllegalArgumentException with one line that names the file, if it cannot be used
     */
    static Read read(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            if (Files.size(file) > LONGEST) {
                throw new IllegalArgumentException(file + " is longer than " + LONGEST + " bytes.");
            }
            byte[] content = Files.readAllBytes(file);
            TokenManifest manifest = parse(file, content);
            String wrong = manifest.wrong();
            if (wrong != null) {
                throw new IllegalArgumentException(file + " is damaged: " + wrong + ".");
            }
            return new Read(manifest, new Fingerprint().add(content).hex());
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read " + file + ": " + problem, problem);
        }
    }

    private static TokenManifest parse(Path file, byte[] content) {
        JsonNode tree;
        try {
            tree = JSON.readTree(content);
        } catch (JacksonException damaged) {
            throw new IllegalArgumentException(
                    file + " is damaged: it is not JSON: " + JsonProblem.inFile(damaged) + ".", damaged);
        }
        try {
            int format = JSON.treeToValue(tree, Version.class).format;
            if (format > FORMAT) {
                throw new IllegalArgumentException(file + " has format " + format
                        + "; this version of Perdure reads up to " + FORMAT + ". Use a newer version.");
            }
            return JSON.treeToValue(tree, TokenManifest.class);
        } catch (JacksonException damaged) {
            throw new IllegalArgumentException(file + " is damaged: " + JsonProblem.of(tree, damaged) + ".", damaged);
        }
    }

    private record Version(int format) {}

    /** What contradicts itself; null if nothing does. */
    private String wrong() {
        if (format < 1 || text == null || tokenizer == null || contents == null || columns == null) {
            return "format, text, tokenizer, contents or columns are missing";
        }
        if (vocabulary < 1 || Integer.bitCount(shard) != 1 || shard < LEAST || shard > MOST) {
            return "a vocabulary of " + vocabulary + " or shards of " + shard + " numbers cannot be";
        }
        if (columns.size() != Column.values().length) {
            return "it has " + columns.size() + " columns instead of " + Column.values().length;
        }
        for (Column column : Column.values()) {
            Shards files = shards(column);
            int width = TokenParts.Header.of(tokenizer, vocabulary).width(column);
            if (files == null
                    || files.shards() == null
                    || !name(column).equals(files.name())
                    || files.width() != width) {
                return "column " + column.ordinal() + " is not \"" + name(column) + "\" with numbers of " + width
                        + " bytes";
            }
            for (int i = 0; i < files.shards().size(); i++) {
                Shard file = files.shards().get(i);
                boolean last = i == files.shards().size() - 1;
                if (file == null
                        || !name(column, i).equals(file.name())
                        || file.crc32c() == null
                        || !file.crc32c().matches("[0-9a-f]{8}")
                        || file.count() < 1
                        || file.count() > shard
                        || !last && file.count() != shard) {
                    return "shard " + i + " of \"" + name(column) + "\" cannot be";
                }
            }
        }
        boolean counts = shards(Column.IDS).count() == contents.tokens()
                && shards(Column.DOCUMENTS).count() == 2 * contents.documents()
                && shards(Column.SOURCES).count() == contents.files()
                && shards(Column.UNLEARNED).count() % 2 == 0
                && contents.unlearned() >= 0
                && contents.unlearned() <= contents.tokens()
                && contents.tokens() > 0;
        return counts ? null : "its numbers of tokens, documents and files contradict its shards";
    }
}
