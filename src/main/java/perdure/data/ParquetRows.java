package perdure.data;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.crypto.ParquetCryptoRuntimeException;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import perdure.data.JsonValues.Literal;

/** The rows of a Parquet file. Only the columns that a document can use are read; one row group is held in memory. */
final class ParquetRows {

    private static final int MAGIC = 4;
    private static final int HEAD = 64;

    /** A value that is no text, in messages. */
    private static final Literal BYTES = new Literal("(bytes)");

    private final MessageType schema;
    private final MessageType used;
    private final ParquetFileReader reader;
    private final MessageColumnIO columns;

    private ParquetRows(ParquetFileReader reader, Documents documents) throws IOException {
        this.reader = reader;
        schema = reader.getFileMetaData().getSchema();
        used = new MessageType(
                schema.getName(),
                schema.getFields().stream()
                        .filter(field -> Dialect.KEYS.contains(field.getName().toLowerCase(Locale.ROOT)))
                        .toList());
        requireNames(used, "", documents);
        columns = sound(documents, 0, () -> {
            reader.setRequestedSchema(used);
            return new ColumnIOFactory().getColumnIO(used, schema);
        });
    }

    /** Passes the rows on until the documents are enough, and returns whether they are not. */
    static boolean read(Path file, Documents documents) throws IOException {
        requireWhole(file, documents);
        ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                .withCodecFactory(new ParquetCodecs())
                .build();
        try (ParquetFileReader reader =
                sound(documents, 0, () -> ParquetFileReader.open(new LocalInputFile(file), options))) {
            return new ParquetRows(reader, documents).read(documents);
        }
    }

    /** Columns of one name cannot be told apart, nor can the fields of one. */
    private static void requireNames(GroupType group, String place, Documents documents) {
        Set<String> names = new HashSet<>();
        for (Type field : group.getFields()) {
            String name = place + field.getName();
            if (!names.add(name)) {
                throw documents.broken("", "has two columns \"" + Quoted.word(name) + "\".", null);
            }
            if (!field.isPrimitive()) {
                requireNames(field.asGroupType(), name + ".", documents);
            }
        }
    }

    /** In words that the library does not have: a download that was cut off, or what is there in place of the file. */
    private static void requireWhole(Path file, Documents documents) throws IOException {
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
            byte[] head = new byte[(int) Math.min(HEAD, content.length())];
            content.readFully(head);
            TextReader.requireNoPointer(file.toString(), head);
            if (!isMagic(head)) {
                throw documents.broken("", "is not Parquet, which begins with PAR1.", null);
            }
            content.seek(content.length() - MAGIC);
            content.readFully(head, 0, MAGIC);
            if (!isMagic(head) || content.length() < 2 * MAGIC) {
                throw documents.broken("", "is Parquet and ends too early: it is not complete.", null);
            }
        }
    }

    /** Whether they begin as a Parquet file begins and ends; the second form is encrypted. */
    private static boolean isMagic(byte[] bytes) {
        String magic = new String(bytes, 0, Math.min(MAGIC, bytes.length), StandardCharsets.ISO_8859_1);
        return magic.equals("PAR1") || magic.equals("PARE");
    }

    private boolean read(Documents documents) throws IOException {
        long number = 0;
        for (int group = 0; group < reader.getRowGroups().size(); group++) {
            int place = group;
            BlockMetaData block = reader.getRowGroups().get(group);
            if (block.getRowCount() == 0) {
                continue; // The library refuses it, or reads the next one.
            }
            long first = number;
            requireFits(block, documents);
            // A column of nothing has no pages.
            PageReadStore pages =
                    used.getFieldCount() == 0 ? null : sound(documents, first, () -> reader.readRowGroup(place));
            RecordReader<Group> records = pages == null
                    ? null
                    : sound(documents, first, () -> columns.getRecordReader(pages, new GroupRecordConverter(used)));
            for (long i = 0; i < block.getRowCount(); i++) {
                number++;
                Map<String, Object> row = records == null
                        ? new LinkedHashMap<>()
                        : sound(documents, number, () -> object(records.read()));
                schema.getFields().stream()
                        .filter(field -> !used.containsField(field.getName()))
                        .forEach(field -> row.put(field.getName(), Literal.CUT));
                if (!documents.add("row " + number, row)) {
                    return false;
                }
            }
        }
        return true;
    }

    private void requireFits(BlockMetaData block, Documents documents) throws IOException {
        long bytes = sound(documents, 0, () -> block.getColumns().stream()
                .filter(column -> used.containsField(column.getPath().toArray()[0]))
                .mapToLong(column -> Math.max(column.getTotalSize(), column.getTotalUncompressedSize()))
                .sum());
        long most = Runtime.getRuntime().maxMemory() / 4;
        if (bytes > most) {
            throw documents.broken(
                    "has a row group of " + bytes + " bytes of text,",
                    "more than a quarter of Java's memory: give Java more by -Xmx, or write smaller row groups.",
                    null);
        }
    }

    /** The result of reading; the library throws all kinds of exceptions where a file is damaged. */
    private static <T> T sound(Documents documents, long row, Callable<T> reading) throws IOException {
        try {
            return reading.call();
        } catch (LinkageError failure) {
            throw new IOException("A library of codecs cannot be loaded: " + failure, failure);
        } catch (ParquetCryptoRuntimeException encrypted) {
            throw documents.broken("", "is encrypted Parquet, which is not read.", encrypted);
        } catch (IndexOutOfBoundsException missing) {
            throw documents.broken(
                    row == 0 ? "" : "row " + row,
                    "is Parquet that "
                            + (row == 0 ? "has no columns, or less than it says." : "has less than it says."),
                    missing);
        } catch (Exception damage) {
            Throwable cause = damage.getCause() == null ? damage : damage.getCause();
            throw documents.broken(
                    row == 0 ? "" : "row " + row,
                    "is not Parquet that can be read: "
                            + Quoted.line(String.valueOf(cause.getMessage())
                                    .replaceAll("\\S+InputFile@\\S+", "it")
                                    .replace("Socket is closed by peer", "a part of it ends too early")),
                    damage);
        }
    }

    private static Map<String, Object> object(Group group) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (Type field : group.getType().getFields()) {
            object.put(field.getName(), field(group, field));
        }
        return object;
    }

    private static Object field(Group group, Type field) {
        int index = group.getType().getFieldIndex(field.getName());
        int count = group.getFieldRepetitionCount(index);
        if (field.isRepetition(Type.Repetition.REPEATED)) {
            List<Object> values = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                values.add(value(group, field, index, i));
            }
            return values;
        }
        return count == 0 ? null : value(group, field, index, 0);
    }

    private static Object value(Group group, Type field, int index, int place) {
        if (field.isPrimitive()) {
            return switch (field.asPrimitiveType().getPrimitiveTypeName()) {
                case BINARY -> text(group.getBinary(index, place));
                case FIXED_LEN_BYTE_ARRAY, INT96 -> BYTES;
                default -> new Literal(group.getValueToString(index, place));
            };
        }
        Group inner = group.getGroup(index, place);
        if (field.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation) {
            return list(inner);
        }
        if (field.getLogicalTypeAnnotation() instanceof MapLogicalTypeAnnotation) {
            return map(inner);
        }
        return object(inner);
    }

    /** Bytes that are no UTF-8 are no text. */
    private static Object text(Binary bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(bytes.toByteBuffer())
                    .toString();
        } catch (CharacterCodingException binary) {
            return BYTES;
        }
    }

    /** A list is a group of one repeated field: the elements, or groups of one field each that hold them. */
    private static List<Object> list(Group list) {
        GroupType type = list.getType();
        Type repeated = type.getType(0);
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
            boolean wrapped = !repeated.isPrimitive()
                    && repeated.asGroupType().getFieldCount() == 1
                    && !repeated.getName().equals("array")
                    && !repeated.getName().endsWith("_tuple");
            if (wrapped) {
                Group element = list.getGroup(0, i);
                values.add(field(element, element.getType().getType(0)));
            } else {
                values.add(value(list, repeated, 0, i));
            }
        }
        return values;
    }

    private static Map<String, Object> map(Group map) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < map.getFieldRepetitionCount(0); i++) {
            Group entry = map.getGroup(0, i);
            GroupType type = entry.getType();
            Object key = field(entry, type.getType(0));
            object.put(
                    key instanceof Literal literal ? literal.text() : String.valueOf(key),
                    type.getFieldCount() < 2 ? null : field(entry, type.getType(1)));
        }
        return object;
    }
}
