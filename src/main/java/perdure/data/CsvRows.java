package perdure.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The rows of a table (RFC 4180) whose first line names the columns. A cell without text is none. */
final class CsvRows {

    private static final String SEPARATORS = ",;\t";
    private static final int LONGEST_HEADER = 1 << 16;

    private CsvRows() {}

    /** Passes the rows on until the documents are enough, and returns whether they are not. */
    static boolean read(Reader reader, Documents documents) throws IOException {
        BufferedReader buffered = new BufferedReader(reader, LONGEST_HEADER);
        Iterator<CsvRecord> records = CsvReader.builder()
                .fieldSeparator(separator(buffered))
                .allowUnclosedQuote(false)
                .maxBufferSize(JsonValues.LONGEST)
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .ofCsvRecord(buffered)
                .iterator();
        String place = "line 1";
        try {
            if (!records.hasNext()) {
                return true;
            }
            List<String> columns = records.next().getFields();
            Set<String> names = new HashSet<>();
            for (String column : columns) {
                String name = column.strip().toLowerCase(Locale.ROOT);
                if (Dialect.KEYS.contains(name) && !names.add(name)) {
                    throw documents.broken(place, "names the column \"" + name + "\" twice.", null);
                }
            }
            while (records.hasNext()) {
                CsvRecord record = records.next();
                place = "line " + record.getStartingLineNumber();
                if (record.getFieldCount() != columns.size()) {
                    documents.invalid(
                            place,
                            "has " + Notes.count(record.getFieldCount(), "cell") + ", and the first line "
                                    + columns.size() + ".",
                            null);
                } else if (!documents.add(place, row(columns, record.getFields()))) {
                    return false;
                }
            }
            return true;
        } catch (CsvParseException exception) {
            throw documents.broken("after " + place, "is no table: " + Quoted.line(exception.getMessage()), exception);
        } catch (UncheckedIOException exception) {
            throw exception.getCause();
        }
    }

    private static Map<String, Object> row(List<String> columns, List<String> cells) {
        Map<String, Object> row = new HashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            row.put(columns.get(i).strip(), cells.get(i).isEmpty() ? null : cells.get(i));
        }
        return row;
    }

    /** The separator that is first in the header. */
    private static char separator(BufferedReader reader) throws IOException {
        reader.mark(LONGEST_HEADER);
        char[] head = new char[LONGEST_HEADER - 1];
        int length = Math.max(0, reader.read(head, 0, head.length));
        reader.reset();
        boolean quoted = false;
        for (int i = 0; i < length && (quoted || head[i] != '\n'); i++) {
            quoted ^= head[i] == '"';
            if (!quoted && SEPARATORS.indexOf(head[i]) >= 0) {
                return head[i];
            }
        }
        return ',';
    }
}
