package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The table of contents of a token file: one line for each finished part of the text, with a checksum. It is written while the
 * text is tokenized, so that a process that is killed loses no finished part.
 *
 * @param header what all parts have in common
 * @param parts in the order of the text
 * @param corpus fingerprint of the whole text; null while parts are missing
 */
record TokenParts(Header header, List<Part> parts, String corpus) {

    static final String FILE = "parts.txt";

    static final int FORMAT = 2;

    private static final int LONGEST_LINE = 1 << 16;

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /**
     * The first line.
     *
     * @param format version of the layout
     * @param tokenizer fingerprint of the tokenizer
     * @param vocabulary number of token ids
     */
    record Header(int format, String tokenizer, int vocabulary) {

        static Header of(String tokenizer, int vocabulary) {
            return new Header(FORMAT, tokenizer, vocabulary);
        }

        /** Bytes of a number in a column. Ids take 2 (unsigned) if the vocabulary has at most 65,536 tokens, else 4. */
        int width(Column column) {
            return column != Column.IDS ? Long.BYTES : vocabulary <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
        }
    }

    /** The files beside the table of contents. */
    enum Column {
        /** The token ids. */
        IDS,
        /** Two numbers for each document: the index after its last token, and a hash of its tokens. */
        DOCUMENTS,
        /**
         * Two numbers for each span of tokens that the loss on assistant turns does not count: the index of its first
         * token, and how many such tokens are before it.
         */
        UNLEARNED,
        /** For each file of the corpus the index of its first document. */
        SOURCES;

        Path in(Path folder) {
            return folder.resolve(name().toLowerCase(Locale.ROOT) + ".bin");
        }
    }

    /** What a part adds to a column: how many numbers, and the CRC-32C of their bytes. */
    record Extent(long count, int crc32c) {}

    /**
     * A finished part.
     *
     * @param text SHA-256 of its text
     * @param characters of its text
     * @param messages how many messages of conversations it has
     * @param unlearned how many of its tokens the loss on assistant turns does not count
     * @param openDocument hash of the document that goes on in the next part
     * @param columns what it adds to each column
     */
    record Part(
            String text,
            long characters,
            long messages,
            long unlearned,
            long openDocument,
            Map<Column, Extent> columns) {}

    /** The last line. */
    private record Footer(String corpus) {}

    /** The table of contents in a folder, up to its first damaged line; null if this version can read none. */
    static TokenParts read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return null;
        }
        List<Part> parts = new ArrayList<>();
        String corpus = null;
        try (InputStream input = Files.newInputStream(file)) {
            Lines lines = new Lines(input, LONGEST_LINE);
            String first = content(lines.next());
            Header header = first == null ? null : JSON.readValue(first, Header.class);
            if (header == null || header.format() != FORMAT) {
                return null;
            }
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                String content = content(line);
                if (content == null || corpus != null) {
                    return new TokenParts(header, parts, null);
                }
                if (content.contains("\"columns\"")) {
                    parts.add(JSON.readValue(content, Part.class));
                } else {
                    corpus = JSON.readValue(content, Footer.class).corpus();
                }
            }
            return new TokenParts(header, parts, corpus);
        } catch (JacksonException | IllegalArgumentException foreign) {
            return null;
        }
    }

    /** The content of a line; null if it is damaged or not complete. */
    private static String content(byte[] line) {
        if (line == null) {
            return null;
        }
        String text = new String(line, StandardCharsets.UTF_8);
        int tab = text.indexOf('\t');
        if (tab < 0 || !text.endsWith("\n")) {
            return null;
        }
        String content = text.substring(tab + 1, text.length() - 1);
        return line(content).equals(text) ? content : null;
    }

    /** Number of numbers in a column, or in the first parts of it. */
    long count(Column column, int firstParts) {
        return parts.stream()
                .limit(firstParts)
                .mapToLong(part -> part.columns().get(column).count())
                .sum();
    }

    long count(Column column) {
        return count(column, parts.size());
    }

    /** The numbers of a column in a folder. */
    NumberFile map(Path folder, Column column, int mapShift) throws IOException {
        return NumberFile.map(column.in(folder), header.width(column), count(column), mapShift);
    }

    /**
     * The parts, from the first on, whose every byte is as it was written. All of them, with the fingerprint, if the
     * columns have nothing else in them.
     *
     * @param stop asked between blocks of data
     */
    TokenParts verified(Path folder, BooleanSupplier stop) throws IOException {
        int good = parts.size();
        boolean whole = corpus != null;
        for (Column column : Column.values()) {
            Path file = column.in(folder);
            long size = Files.isRegularFile(file) ? Files.size(file) : -1;
            if (size < 0) {
                return new TokenParts(header, List.of(), null);
            }
            whole &= size == count(column) * header.width(column);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                good = Math.min(good, good(channel, column, stop));
            }
        }
        return new TokenParts(
                header, List.copyOf(parts.subList(0, good)), whole && good == parts.size() ? corpus : null);
    }

    private int good(FileChannel channel, Column column, BooleanSupplier stop) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        for (int i = 0; i < parts.size(); i++) {
            Extent extent = parts.get(i).columns().get(column);
            if (extent == null || extent.count() < 0) {
                return i;
            }
            CRC32C checksum = new CRC32C();
            long left = extent.count() * header.width(column);
            while (left > 0 && Corpus.goOn(stop)) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), left));
                if (channel.read(buffer) <= 0) {
                    return i;
                }
                left -= buffer.flip().remaining();
                checksum.update(buffer);
            }
            if ((int) checksum.getValue() != extent.crc32c()) {
                return i;
            }
        }
        return parts.size();
    }

    /** All lines, each with its line end. */
    String text() {
        StringBuilder text = new StringBuilder(line(header));
        parts.forEach(part -> text.append(line(part)));
        return corpus == null
                ? text.toString()
                : text.append(line(new Footer(corpus))).toString();
    }

    /** The line of a record. */
    static String line(Record content) {
        return line(JSON.writeValueAsString(content));
    }

    /** Its CRC-32C, a tab, the content and a line end. */
    private static String line(String content) {
        CRC32C checksum = new CRC32C();
        checksum.update(content.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x\t%s\n", checksum.getValue(), content);
    }

    /** The line that ends the table of contents. */
    static String end(String corpus) {
        return line(new Footer(corpus));
    }

    static Map<Column, Extent> columns() {
        return new EnumMap<>(Column.class);
    }
}
