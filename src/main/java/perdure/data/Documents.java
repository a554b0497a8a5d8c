package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Predicate;
import perdure.tokenizer.TextPieces;

/** The documents of one file, passed on to a reader while they are read. */
final class Documents {

    private final DataFile file;
    private final String name;
    private final Reading reading;
    private final boolean former;
    private final Notes notes;
    private final Predicate<Passage> reader;
    private final Dialect dialect;

    /** @param former whether the texts are those of version 0.1.0, which cleaned none */
    Documents(DataFile file, Reading reading, boolean former, Notes notes, Predicate<Passage> reader) {
        this.file = file;
        this.name = file.path().toString();
        this.reading = reading;
        this.former = former;
        this.notes = notes;
        this.reader = reader;
        this.dialect = new Dialect(former);
    }

    /**
     * Reads the file until the reader has enough, and returns whether it has not.
     *
     * @param content of the file; it is read to its end, and the caller closes it
     */
    boolean read(InputStream content) throws IOException {
        boolean more = file.format() == FileFormat.PARQUET ? ParquetRows.read(file.path(), this) : text(content);
        if (more) {
            content.transferTo(OutputStream.nullOutputStream());
        }
        return more;
    }

    private boolean text(InputStream content) throws IOException {
        Reader text = text(content, notes);
        return switch (file.format()) {
            case TEXT -> plain(text);
            case JSON -> JsonRows.read(this::probe, text, this);
            case CSV -> CsvRows.read(text, this);
            case PARQUET -> throw new IllegalStateException("Parquet is not text.");
        };
    }

    private Reader text(InputStream content, Notes counted) throws IOException {
        return new TextReader(name, Compression.unpacked(name, content), reading, counted);
    }

    /** The text of the file for a look ahead. */
    private Reader probe() throws IOException {
        InputStream content = Files.newInputStream(file.path());
        try {
            return text(content, new Notes());
        } catch (IOException | RuntimeException failure) {
            content.close();
            throw failure;
        }
    }

    /** The whole file is one document, in pieces, if no separator is known. */
    private boolean plain(Reader text) throws IOException {
        if (reading.separator() != null) {
            return new SeparatedText(
                            reading.separator(),
                            passage -> passage.endsDocument() ? pass(List.of(passage)) : reader.test(cleaned(passage)))
                    .read(text);
        }
        StringBuilder rest = new StringBuilder();
        char[] buffer = new char[1 << 15];
        for (int length = text.read(buffer); length >= 0; length = text.read(buffer)) {
            rest.append(buffer, 0, length);
            while (rest.length() > TextPieces.LIMIT) {
                int end = TextPieces.cut(rest, 0);
                if (!reader.test(cleaned(Passage.text(rest.substring(0, end), false)))) {
                    return false;
                }
                rest.delete(0, end);
            }
        }
        return pass(List.of(Passage.text(rest.toString(), true)));
    }

    /**
     * Passes a row on, and returns whether the reader wants more. One that cannot be used is {@link #invalid}.
     *
     * @param place in the file, such as {@code line 7}
     */
    boolean add(String place, Object row) {
        List<Passage> passages;
        try {
            passages = dialect.passages(row);
        } catch (RowException exception) {
            invalid(place, exception.getMessage(), exception);
            return true;
        }
        notes.unused(dialect.unused());
        try {
            return pass(passages);
        } catch (RowException refused) { // by the reader, which has no other name for the place
            throw broken(place, refused.getMessage(), refused);
        }
    }

    private boolean pass(List<Passage> passages) {
        notes.document(passages);
        return passages.stream().map(this::cleaned).allMatch(reader);
    }

    private Passage cleaned(Passage passage) {
        String text = former ? passage.text() : notes.cleaned(passage.text());
        return text == passage.text()
                ? passage
                : new Passage(passage.role(), text, passage.endsDocument(), passage.learned(), passage.fields());
    }

    /** Counts a row that cannot be used, or refuses it. */
    void invalid(String place, String problem, Exception cause) {
        String message = name + " " + place + " " + problem;
        if (!reading.skipInvalid()) {
            throw new RefusedTextException(
                    message + " Rows like this can be skipped", RefusedTextException.SKIP_INVALID, cause);
        }
        notes.invalid(message);
    }

    /** The rest of the file cannot be read, since nobody knows where its next row begins. */
    IllegalArgumentException broken(String place, String problem, Exception cause) {
        return new IllegalArgumentException(name + (place.isEmpty() ? " " : " " + place + " ") + problem, cause);
    }
}
