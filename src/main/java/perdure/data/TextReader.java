package perdure.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Decodes the text of one file, strictly. Bytes that are no text are refused with their offset, and with the encoding
 * that they are likely to have.
 *
 * <p>UTF-8 may hold surrogates, as the text of some databases does (CESU-8): a pair is one character, and half a pair is
 * passed on as it is. A byte order mark at the start is left out.
 */
final class TextReader extends Reader {

    private static final char BYTE_ORDER_MARK = '\ufeff';
    private static final String LARGE_FILE_POINTER = "version https://git-lfs.github.com/spec/";

    /** How files begin that people take for text, one byte a character. */
    private static final Map<String, String> OTHER_KINDS = Map.of(
            "%PDF-", "a PDF document",
            "PK\3\4", "a ZIP archive",
            "BZh91AY&SY", "compressed with bzip2",
            "\u00fd7zXZ\0", "compressed with xz",
            "\u001f\u008b", "compressed more than once",
            "(\u00b5/\u00fd", "compressed more than once",
            "PAR1\u0015", "a Parquet file");

    private final String name;
    private final InputStream input;
    private final Reading reading;
    private final Notes notes;
    private final CharsetDecoder decoder;
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16).limit(0);
    private long offset;
    private int pending = -1;
    private boolean opened;
    private boolean atStart = true;
    private boolean ended;

    /** @param name of the file, for messages */
    TextReader(String name, InputStream input, Reading reading, Notes notes) {
        this.name = name;
        this.input = input;
        this.reading = reading;
        this.notes = notes;
        this.decoder = reading.encoding()
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
    }

    /** @throws IllegalArgumentException that names the file and the offset, if the bytes are no text */
    @Override
    public int read(char[] characters, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (pending >= 0) {
            characters[from] = (char) pending;
            pending = -1;
            return 1;
        }
        if (length == 1) {
            // A decoder never splits a pair of surrogates.
            char[] pair = new char[2];
            int read = read(pair, 0, 2);
            characters[from] = pair[0];
            pending = read == 2 ? pair[1] : -1;
            return Math.min(read, 1);
        }
        CharBuffer output = CharBuffer.wrap(characters, from, length);
        while (output.position() == from) {
            if (ended) {
                return -1;
            }
            decode(output);
            if (atStart && output.position() > from) {
                atStart = false;
                if (characters[from] == BYTE_ORDER_MARK) {
                    int rest = output.position() - from - 1;
                    System.arraycopy(characters, from + 1, characters, from, rest);
                    output.position(from + rest);
                }
            }
        }
        return output.position() - from;
    }

    private void decode(CharBuffer output) throws IOException {
        boolean last = false;
        if (!opened || bytes.remaining() < 16) {
            last = fill();
        }
        int before = bytes.position();
        CoderResult result = decoder.decode(bytes, output, last);
        offset += bytes.position() - before;
        if (result.isError()) {
            wrong(result.length(), output);
        } else if (last && result.isUnderflow()) {
            ended = decoder.flush(output).isUnderflow();
        }
    }

    /** Returns whether the input has ended. */
    private boolean fill() throws IOException {
        bytes.compact();
        int read;
        do {
            read = input.read(bytes.array(), bytes.position(), bytes.remaining());
            bytes.position(bytes.position() + Math.max(0, read));
        } while (read > 0 && bytes.position() < 16);
        bytes.flip();
        if (!opened) {
            opened = true;
            checkStart();
        }
        return read <= 0;
    }

    private void checkStart() {
        byte[] head = Arrays.copyOfRange(bytes.array(), 0, bytes.limit());
        requireNoPointer(name, head);
        String start = new String(head, 0, Math.min(head.length, 16), StandardCharsets.ISO_8859_1);
        OTHER_KINDS.forEach((beginning, kind) -> {
            if (start.startsWith(beginning)) {
                throw new IllegalArgumentException(name + " is " + kind + " and not text.");
            }
        });
        String likely = reading.encoding().equals(StandardCharsets.UTF_8) ? Encodings.byZeros(head) : null;
        if (likely != null) {
            throw refused(" is not UTF-8 text.", likely);
        }
    }

    /** Refuses what a repository without Git LFS has in place of a large file. */
    static void requireNoPointer(String name, byte[] head) {
        if (new String(head, 0, Math.min(head.length, 64), StandardCharsets.ISO_8859_1)
                .startsWith(LARGE_FILE_POINTER)) {
            throw new IllegalArgumentException(
                    name + " is a pointer of Git LFS and not the file itself, which git lfs pull fetches.");
        }
    }

    private void wrong(int length, CharBuffer output) {
        boolean utf8 = reading.encoding().equals(StandardCharsets.UTF_8);
        if (utf8 && bytes.remaining() >= 3 && Encodings.isSurrogate(bytes.array(), bytes.position())) {
            if (output.hasRemaining()) {
                int middle = bytes.get(bytes.position() + 1) & 0x3f;
                output.put((char) (0xd000 | middle << 6 | bytes.get(bytes.position() + 2) & 0x3f));
                skip(3);
            }
            return;
        }
        if (!reading.skipInvalid()) {
            String likely = utf8 ? Encodings.likely(Arrays.copyOfRange(bytes.array(), 0, bytes.limit())) : null;
            throw refused(
                    " is not " + reading.encoding() + " text: the byte at offset " + offset + " is wrong.", likely);
        }
        notes.wrongBytes(length);
        skip(length);
    }

    private void skip(int length) {
        bytes.position(bytes.position() + length);
        offset += length;
    }

    private RefusedTextException refused(String problem, String likely) {
        return likely == null
                ? new RefusedTextException(
                        name + problem + " Bytes that are no text can be skipped",
                        RefusedTextException.SKIP_INVALID,
                        null)
                : new RefusedTextException(
                        name + problem + " It looks like " + likely + ": choose that encoding",
                        RefusedTextException.ENCODING,
                        null);
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
