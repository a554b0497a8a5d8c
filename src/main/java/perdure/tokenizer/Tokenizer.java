package perdure.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Text to token ids and back, with a {@code tokenizer.json} that the Hugging Face library reads.
 *
 * <p>The byte tokens and merges have the first ids, then {@code <|endoftext|> <|im_start|> <|im_end|>} follow. Safe for
 * several threads.
 */
public final class Tokenizer implements AutoCloseable {

    private static final String FILE = "tokenizer.json";
    private static final long MAXIMUM_FILE_SIZE = 256L << 20;

    private final String json;
    private final byte[][] tokens;
    private final int[] newline;
    private final NativeTokenizer plain;
    private final NativeTokenizer complete;

    private Tokenizer(String json) {
        this.json = json;
        this.tokens = TokenizerJson.tokens(json);
        this.plain = new NativeTokenizer(TokenizerJson.withoutAddedTokens(json));
        this.complete = new NativeTokenizer(json);
        this.newline = encode("\n");
    }

    /**
     * The tokenizer of a {@code tokenizer.json} text.
     *
     * @throws IllegalArgumentException if it is not a byte-level tokenizer with our three special tokens
     */
    public static Tokenizer of(String tokenizerJson) {
        return of(tokenizerJson, FILE);
    }

    /**
     * The tokenizer in a model folder.
     *
     * @throws IllegalArgumentException if its {@code tokenizer.json} is not one of ours
     * @throws UncheckedIOException if the file cannot be read
     */
    public static Tokenizer read(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            if (Files.size(file) > MAXIMUM_FILE_SIZE) {
                throw new IllegalArgumentException(file + " is larger than " + MAXIMUM_FILE_SIZE + " bytes.");
            }
            return of(Files.readString(file), file.toString());
        } catch (IOException exception) {
            throw new UncheckedIOException("Cannot read " + file + ": " + exception, exception);
        }
    }

    private static Tokenizer of(String tokenizerJson, String name) {
        try {
            return new Tokenizer(tokenizerJson);
        } catch (IllegalArgumentException exception) {
            throw new IllegalArgumentException(name + ": " + exception.getMessage(), exception);
        }
    }

    /**
     * The ids of a text. Special tokens that the text spells out are encoded like any other text. Half of a surrogate
     * pair, which has no UTF-8, is encoded as a question mark.
     */
    public int[] encode(String text) {
        String valid = StandardCharsets.UTF_8.newEncoder().canEncode(text)
                ? text
                : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        IntStream.Builder ids = IntStream.builder();
        TextPieces.split(valid, piece -> {
            for (long id : plain.encode(piece)) {
                ids.add((int) id);
            }
        });
        return ids.build().toArray();
    }

    /** The ids of one ChatML message: {@code <|im_start|>role\ncontent<|im_end|>\n}. */
    public int[] encode(ChatMessage message) {
        int[] inner = encode(message.role() + "\n" + message.content());
        int[] ids = new int[inner.length + 2 + newline.length];
        ids[0] = imStart();
        System.arraycopy(inner, 0, ids, 1, inner.length);
        ids[inner.length + 1] = imEnd();
        System.arraycopy(newline, 0, ids, inner.length + 2, newline.length);
        return ids;
    }

    /**
     * Index of the first id of a message's content, or of {@code <|im_end|>} if it is empty. A token that begins before
     * the content and ends in it belongs to the content.
     *
     * @param ids of a message of that role, as {@link #encode(ChatMessage)} returns them
     */
    public int contentStart(String role, int[] ids) {
        int left = role.getBytes(StandardCharsets.UTF_8).length + 1;
        int start = 1;
        while (left > 0 && tokens[ids[start]].length <= left) {
            left -= tokens[ids[start++]].length;
        }
        return start;
    }

    /** The ids between two messages. */
    public int[] afterMessage() {
        return newline.clone();
    }

    /** The text of the ids. Special tokens appear as they are spelled, and bytes that are not UTF-8 as U+FFFD. */
    public String decode(int[] ids) {
        return complete.decode(Arrays.stream(ids).asLongStream().toArray());
    }

    /** The bytes of one token, which need not be whole UTF-8 characters. */
    public byte[] bytes(int id) {
        return tokens[id].clone();
    }

    /** UTF-8 bytes of text in each token, by id: 0 for the special tokens. */
    public int[] textLengths() {
        int[] lengths = new int[tokens.length];
        for (int id = 0; id < endOfText(); id++) {
            lengths[id] = tokens[id].length;
        }
        return lengths;
    }

    /** Number of ids, including the three special tokens. */
    public int vocabularySize() {
        return tokens.length;
    }

    public int endOfText() {
        return tokens.length - 3;
    }

    public int imStart() {
        return tokens.length - 2;
    }

    public int imEnd() {
        return tokens.length - 1;
    }

    /** The text of the {@code tokenizer.json}. */
    public String json() {
        return json;
    }

    /**
     * The tokenizer's files in a Hugging Face model folder, by name.
     *
     * @param longest number of tokens that the model can look back on
     */
    public Map<String, byte[]> files(int longest) {
        return Map.of(
                FILE,
                json.getBytes(StandardCharsets.UTF_8),
                "tokenizer_config.json",
                TokenizerJson.tokenizerConfigJson(longest).getBytes(StandardCharsets.UTF_8),
                "special_tokens_map.json",
                TokenizerJson.specialTokensMapJson().getBytes(StandardCharsets.UTF_8));
    }

    /** Writes the {@link #files} into a folder. */
    public void write(Path folder, int longest) {
        files(longest).forEach((name, content) -> {
            try {
                Files.write(folder.resolve(name), content);
            } catch (IOException exception) {
                throw new UncheckedIOException("Cannot write the tokenizer to " + folder + ": " + exception, exception);
            }
        });
    }

    @Override
    public void close() {
        plain.close();
        complete.close();
    }
}
