package perdure.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import perdure.data.JsonValues.Literal;

/** The rows of a Parquet file. Only the columns that a document can use are read; one row group is held in memory. */
final class ParquetRows {

    private final MessageType schema;
    private final MessageType used;
    private final ParquetFileReader reader;
    private final MessageColumnIO columns;

    private ParquetRows(ParquetFileReader reader) {
        this.reader = reader;
        schema = reader.getFileMetaData().getSchema();
        used = new MessageType(
                schema.getName(),
                schema.getFields().stream()
                        .filter(field -> Dialect.KEYS.contains(field.getName().toLowerCase(Locale.ROOT)))
                        .toList());
        reader.setRequestedSchema(used);
        columns = new ColumnIOFactory().getColumnIO(used, schema);
    }

    /** Passes the rows on until the documents are enough, and returns whether they are not. */
    static boolean read(Path file, Documents documents) throws IOException {
        ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                .withCodecFactory(new ParquetCodecs())
                .build();
        try (ParquetFileReader reader =
                sound(documents, 0, () -> ParquetFileReader.open(new LocalInputFile(file), options))) {
            return sound(documents, 0, () -> new ParquetRows(reader)).read(documents);
        }
    }

    private boolean read(Documents documents) throws IOException {
        long number = 0;
        for (BlockMetaData block : reader.getRowGroups()) {
            long first = number;
            requireFits(block, documents);
            // A column of nothing has no pages.
            PageReadStore pages = used.getFieldCount() == 0 ? null : sound(documents, first, reader::readNextRowGroup);
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

    private void requireFits(BlockMetaData block, Documents documents) {
        long bytes = block.getColumns().stream()
                .filter(column -> used.containsField(column.getPath().toArray()[0]))
                .mapToLong(column -> Math.max(column.getTotalSize(), column.getTotalUncompressedSize()))
                .sum();
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
        } catch (Exception damage) {
            Throwable cause = damage.getCause() == null ? damage : damage.getCause();
            throw documents.broken(
                    row == 0 ? "" : "row " + row,
                    "is not Parquet that can be read: "
                            + Quoted.line(String.valueOf(cause.getMessage()).replaceAll("\\S+InputFile@\\S+", "it")),
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
                case BINARY -> group.getBinary(index, place).toStringUsingUTF8();
                case FIXED_LEN_BYTE_ARRAY, INT96 -> Literal.CUT;
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
