package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.zip.CRC32C;
import perdure.data.TokenManifest.Contents;
import perdure.data.TokenManifest.Shard;
import perdure.data.TokenManifest.Shards;
import perdure.data.TokenParts.Column;
import perdure.data.TokenParts.Part;

/**
 * The tokens of sections as one: numbers that count from the beginning of a section count from the beginning of all. What
 * comes out depends on the text and the tokenizer alone.
 */
public final class MergedTokens {

    private final List<Section> sections;
    private final TokenParts.Header header;
    private final String text;
    private final int vocabSize;
    private final int shard;

    /** A folder with parts of a section. */
    record Staged(Path folder, TokenParts parts) {}

    /** The blocks of a section: the first part of each folder in turn, then the second of each, and so on. */
    record Section(List<Staged> staged) {

        boolean isShared() {
            return staged.size() > 1;
        }

        int blocks() {
            return staged.stream().mapToInt(each -> each.parts().parts().size()).sum();
        }
    }

    /** Writes files that are there whole or not at all, and durable when a method returns. */
    public interface Files {
        void write(String name, Content content);
    }

    /** Content that is written to a file from beginning to end. */
    public interface Content {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    MergedTokens(List<Section> sections, TokenParts.Header header, String text, int vocabSize, int shard) {
        this.sections = sections;
        this.header = header;
        this.text = text;
        this.vocabSize = vocabSize;
        this.shard = shard;
    }

    private long sum(ToLongFunction<Part> of) {
        return sections.stream()
                .flatMap(section -> section.staged().stream())
                .flatMap(staged -> staged.parts().parts().stream())
                .mapToLong(of)
                .sum();
    }

    private long count(Column column) {
        return sum(part -> part.columns().get(column).count());
    }

    /** Number of tokens. */
    public long tokens() {
        return count(Column.IDS);
    }

    /** Bytes of all shards. */
    public long bytes() {
        long bytes = 0;
        for (Column column : Column.values()) {
            bytes += count(column) * header.width(column);
        }
        return bytes;
    }

    /** Writes all shards, and the manifest last. Returns the number of shards with tokens. */
    public int write(Files files) {
        List<Shards> columns = new ArrayList<>();
        for (Column column : Column.values()) {
            Numbers numbers = new Numbers(column);
            List<Shard> shards = new ArrayList<>();
            long left = count(column);
            while (left > 0) {
                long count = Math.min(left, shard);
                String name = TokenManifest.name(column, shards.size());
                CRC32C checksum = new CRC32C();
                files.write(name, channel -> numbers.copy(count, channel, checksum));
                shards.add(new Shard(name, count, String.format("%08x", checksum.getValue())));
                left -= count;
            }
            columns.add(new Shards(TokenManifest.name(column), header.width(column), shards));
        }
        Contents contents = new Contents(
                tokens(),
                count(Column.DOCUMENTS) / 2,
                count(Column.SOURCES),
                sum(Part::messages),
                sum(Part::unlearned));
        byte[] manifest = new TokenManifest(
                        TokenManifest.FORMAT,
                        text,
                        header.tokenizer(),
                        header.vocabulary(),
                        vocabSize,
                        contents,
                        shard,
                        columns)
                .json();
        files.write(TokenManifest.FILE, channel -> channel.write(ByteBuffer.wrap(manifest)));
        return columns.get(Column.IDS.ordinal()).shards().size();
    }

    /** Where the next block of a folder begins, in that folder. */
    private final class Cursor {
        private final Staged staged;
        private final NumberFile numbers;
        private final NumberFile ids;
        private final long[] begin = new long[Column.values().length];
        private long unlearned;
        private int part;

        private Cursor(Staged staged, Column column) {
            this.staged = staged;
            try {
                numbers = staged.parts().map(staged.folder(), column, NumberFile.MAP_SHIFT);
                ids = column == Column.DOCUMENTS
                        ? staged.parts().map(staged.folder(), Column.IDS, NumberFile.MAP_SHIFT)
                        : null;
            } catch (IOException problem) {
                throw new UncheckedIOException(
                        "Cannot read the tokens in " + staged.folder() + ": " + problem, problem);
            }
        }

        private Part part() {
            return staged.parts().parts().get(part);
        }

        private long end(Column column) {
            return begin[column.ordinal()] + part().columns().get(column).count();
        }

        private void next() {
            for (Column column : Column.values()) {
                begin[column.ordinal()] = end(column);
            }
            unlearned += part().unlearned();
            part++;
        }
    }

    /** The numbers of a column, in order. */
    private final class Numbers {
        private final Column column;
        private final Iterator<Section> rest = sections.iterator();
        private final long[] before = new long[Column.values().length]; // in the blocks before
        private Section section = new Section(List.of());
        private List<Cursor> cursors = List.of();
        private int block = -1; // of the section
        private long unlearned; // in the blocks before
        private Cursor cursor; // of the block
        private long first; // number of the block, in its folder
        private long end;
        private long index; // of the next one
        private long open; // hash of the document that goes on in this block, if it began in another one
        private boolean isOpen;

        private Numbers(Column column) {
            this.column = column;
        }

        private void copy(long count, WritableByteChannel channel, CRC32C checksum) throws IOException {
            int width = header.width(column);
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18).order(ByteOrder.LITTLE_ENDIAN);
            for (long left = count; left > 0; ) {
                buffer.clear();
                while (left > 0 && buffer.remaining() >= width) {
                    if (column == Column.IDS) {
                        left -= copyIds((int) Math.min(left, buffer.remaining() / width), buffer);
                    } else {
                        TokenWriter.put(buffer, width, next());
                        left--;
                    }
                }
                checksum.update(buffer.flip().duplicate());
                channel.write(buffer);
            }
        }

        /** Token ids are the same wherever they are. Returns how many were copied. */
        private int copyIds(int most, ByteBuffer buffer) {
            while (index == end) {
                nextBlock();
            }
            int count = (int) Math.min(most, end - index);
            cursor.numbers.copy(index, count, buffer);
            index += count;
            return count;
        }

        private long next() {
            while (index == end) {
                nextBlock();
            }
            long place = index++;
            long value = cursor.numbers.at(place);
            boolean even = (place - first) % 2 == 0;
            return switch (column) {
                case DOCUMENTS ->
                    even
                            ? moved(value, Column.IDS)
                            : isOpen && place == first + 1 ? hash(cursor.numbers.at(first)) : value;
                case UNLEARNED -> even ? moved(value, Column.IDS) : value - cursor.unlearned + unlearned;
                default ->
                    value - cursor.begin[Column.DOCUMENTS.ordinal()] / 2 + before[Column.DOCUMENTS.ordinal()] / 2;
            };
        }

        private long moved(long value, Column of) {
            return value - cursor.begin[of.ordinal()] + before[of.ordinal()];
        }

        /** The hash of the open document with the tokens of this block before an index. */
        private long hash(long until) {
            long hash = open;
            for (long token = cursor.begin[Column.IDS.ordinal()]; token < until; token++) {
                hash = TokenWriter.hash(hash, cursor.ids.at(token));
            }
            return hash;
        }

        private void nextBlock() {
            if (block >= 0) {
                leave();
            }
            block++;
            while (block == section.blocks()) {
                section = rest.next();
                cursors = section.staged().stream()
                        .map(staged -> new Cursor(staged, column))
                        .toList();
                block = 0;
                isOpen = false;
            }
            cursor = cursors.get(block % cursors.size());
            first = cursor.begin[column.ordinal()];
            end = cursor.end(column);
            index = first;
        }

        private void leave() {
            if (column == Column.DOCUMENTS && section.isShared()) {
                Part part = cursor.part();
                long tokens = cursor.end(Column.IDS);
                boolean ends = part.columns().get(Column.DOCUMENTS).count() > 0;
                boolean more = ends
                        ? cursor.numbers.at(cursor.end(Column.DOCUMENTS) - 2) < tokens
                        : isOpen || tokens > cursor.begin[Column.IDS.ordinal()];
                open = ends || !isOpen ? part.openDocument() : hash(tokens);
                isOpen = more;
            }
            for (Column each : Column.values()) {
                before[each.ordinal()] += cursor.part().columns().get(each).count();
            }
            unlearned += cursor.part().unlearned();
            cursor.next();
        }
    }
}
