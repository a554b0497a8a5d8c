package perdure.data;

import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;

/**
 * The rows of a JSON file: one or more values a line, or values over several lines, as the elements of an array or one
 * after the other. The first row decides, and not the file's name.
 *
 * <p>Where a row is a line, one that is wrong can be left out. Elsewhere nobody knows where the next one begins.
 */
final class JsonRows {

    /** Opens the text of the file. */
    interface Source {
        Reader open() throws IOException;
    }

    private JsonRows() {}

    /** Passes the rows on until the documents are enough, and returns whether they are not. */
    static boolean read(Source source, Reader reader, Documents documents) throws IOException {
        return hasLines(source) ? lines(reader, documents) : values(reader, documents);
    }

    /** Whether each row is on a line of its own: the first line is whole, or is not the beginning of a whole row. */
    private static boolean hasLines(Source source) throws IOException {
        try (Reader reader = source.open()) {
            TextLines lines = new TextLines(reader, JsonValues.LONGEST);
            String first = "";
            while (first != null && first.isBlank()) {
                first = lines.next();
            }
            if (first != null && first.strip().startsWith("[")) {
                return false;
            }
            JsonValues.all(first == null ? "" : stripped(first));
            return true;
        } catch (UnexpectedEndOfInputException unfinished) {
            return !beginsWithAValue(source);
        } catch (JacksonException | IllegalArgumentException wrong) {
            return true;
        }
    }

    private static boolean beginsWithAValue(Source source) throws IOException {
        try (Reader reader = source.open()) {
            JsonParser parser = JsonValues.parser(reader);
            parser.nextToken();
            return JsonValues.value(parser) != null;
        } catch (JacksonException | IllegalArgumentException wrong) {
            return false;
        }
    }

    private static boolean lines(Reader reader, Documents documents) throws IOException {
        TextLines lines = new TextLines(reader, JsonValues.LONGEST);
        for (long number = 1; ; number++) {
            String place = "line " + number;
            try {
                String line = lines.next();
                if (line == null) {
                    return true;
                }
                for (Object row : JsonValues.all(stripped(line))) {
                    if (!documents.add(place, row)) {
                        return false;
                    }
                }
            } catch (JacksonException exception) {
                documents.invalid(place, JsonValues.problem(exception), exception);
            } catch (RowException exception) {
                documents.invalid(place, exception.getMessage(), exception);
                lines.skip();
            }
        }
    }

    /** Without byte order marks, which joined files have inside, and without a comma, which an array has between rows. */
    private static String stripped(String line) {
        String text = line.strip();
        text = text.startsWith("\ufeff") ? text.substring(1) : text;
        return text.endsWith(",") ? text.substring(0, text.length() - 1) : text;
    }

    private static boolean values(Reader reader, Documents documents) throws IOException {
        long[] number = {0};
        JsonParser parser = JsonValues.parser(reader);
        try {
            while (parser.nextToken() != null) {
                boolean more = parser.currentToken() == JsonToken.START_ARRAY
                        ? array(parser, number, documents)
                        : add(JsonValues.value(parser), number, documents);
                if (!more) {
                    return false;
                }
            }
            return true;
        } catch (JacksonIOException exception) {
            throw exception.getCause();
        } catch (JacksonException exception) {
            throw documents.broken("row " + (number[0] + 1), JsonValues.problem(exception), exception);
        } catch (RowException exception) {
            throw documents.broken("row " + (number[0] + 1), exception.getMessage(), exception);
        }
    }

    /** An array of rows; or one of messages, which is a row. */
    private static boolean array(JsonParser parser, long[] number, Documents documents) {
        if (parser.nextToken() == JsonToken.END_ARRAY) {
            return true;
        }
        Object first = JsonValues.value(parser);
        if (first instanceof Map<?, ?> object && Dialect.isMessage(object)) {
            List<Object> messages = new ArrayList<>(List.of(first));
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                messages.add(JsonValues.value(parser));
                if (messages.size() > JsonValues.LONGEST / 64) {
                    throw new RowException("is longer than " + JsonValues.LONGEST + " characters.");
                }
            }
            return add(messages, number, documents);
        }
        boolean more = add(first, number, documents);
        while (more && parser.nextToken() != JsonToken.END_ARRAY) {
            more = add(JsonValues.value(parser), number, documents);
        }
        return more;
    }

    private static boolean add(Object row, long[] number, Documents documents) {
        return documents.add("row " + ++number[0], row);
    }
}
