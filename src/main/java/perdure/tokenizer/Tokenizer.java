package perdure.tokenizer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import perdure.template.Rendered.Span;

/**
 * Text to token ids and back, with a {@code tokenizer.json} that the Hugging Face library reads: our own, or that of a
 * model which others trained.
 *
 * <p>In our own the byte tokens and merges have the first ids, then {@code <|endoftext|> <|im_start|> <|im_end|>} follow.
 * Safe for several threads.
 */
public final class Tokenizer implements AutoCloseable {

    private static final String FILE = "tokenizer.json";
    private static final long MAXIMUM_FILE_SIZE = 256L << 20;

    /** The files of a tokenizer that others made, which every checkpoint has again; the first four decide the ids. */
    private static final List<String> FILES = List.of(
            FILE,
            TokenizerConfig.FILE,
            TokenizerConfig.SPECIAL_TOKENS_FILE,
            TokenizerConfig.TEMPLATE_FILE,
            TokenizerConfig.GENERATION_FILE,
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "tokenizer.model");

    private static final List<String> DECIDING = FILES.subList(0, 4);

    /** What ends a document in the text that models are made from, where the tokenizer has it. */
    private static final List<String> ENDS_OF_TEXT = List.of("<|endoftext|>", "<|end_of_text|>");

    private final String json;
    private final Map<String, byte[]> files; // null if it is ours
    private final TokenizerConfig config;
    private final byte[][] tokens;
    private final Map<String, Integer> added;
    private final BitSet special;
    private final Map<String, String> spellings;
    private final Pattern addedTokens;
    private final int leadingSpaces;
    private final boolean cuts;
    private final NativeTokenizer beginning;
    private final NativeTokenizer continuing; // the same one if nothing is put before a text
    private final int[] start;
    private final int endOfText;

    private Tokenizer(String json, Map<String, byte[]> files) {
        this.json = json;
        Vocabulary vocabulary = new Vocabulary(json);
        boolean ours = vocabulary.isOurs();
        TokenizerConfig found = TokenizerConfig.read(files);
        String template = found.templates().get(TokenizerConfig.DEFAULT);
        this.files = ours && (template == null || TokenizerJson.isOurs(template)) ? null : files;
        this.config = this.files == null ? TokenizerJson.CONFIG : found;
        this.spellings = vocabulary.addedTokens();
        this.beginning = new NativeTokenizer(vocabulary.json(), ours ? RenderedText.finder(spellings.values()) : null);
        try {
            String further = vocabulary.continuingJson();
            this.continuing = further == null ? beginning : new NativeTokenizer(further);
            this.added = new LinkedHashMap<>();
            spellings.forEach((content, spelling) -> {
                int[] ids = beginning.encode(spelling, false);
                added.put(content, ids.length == 1 ? ids[0] : vocabulary.declaredId(content));
            });
            this.addedTokens = RenderedText.finder(added.keySet());
            this.tokens = vocabulary.bytes(added);
            this.special = Vocabulary.special(vocabulary.specials(), added);
            this.leadingSpaces = vocabulary.leadingSpaces();
            this.cuts = vocabulary.cuts(tokens);
            this.endOfText = findEndOfText();
            this.start = this.files == null ? new int[0] : findStart();
        } catch (RuntimeException problem) {
            close();
            throw problem;
        }
    }

    private int findEndOfText() {
        String end = config.specialTokens().get("eos_token");
        for (String usual : ENDS_OF_TEXT) {
            if (added.containsKey(usual) && special.get(added.get(usual))) {
                return added.get(usual);
            }
        }
        if (added.containsKey(end)) {
            return added.get(end);
        }
        return config.generationEnds().stream()
                .filter(id -> id >= 0 && id < tokens.length && tokens[id] != null)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        end == null
                                ? "it has no token that ends a text: " + TokenizerConfig.FILE + " names no eos_token."
                                : "it has no token \"" + end + "\", which is eos_token in " + TokenizerConfig.FILE
                                        + "."));
    }

    /** What the file puts before every text, unless its configuration says otherwise. */
    private int[] findStart() {
        Integer begin = added.get(config.specialTokens().get("bos_token"));
        if (config.addsBegin() != null) {
            return config.addsBegin() && begin != null ? new int[] {begin} : new int[0];
        }
        int plain = beginning.encode("a", false).length;
        int[] whole = beginning.encode("a", true);
        return IntStream.of(whole)
                .limit(whole.length - plain)
                .takeWhile(special::get)
                .toArray();
    }

    /**
     * The tokenizer of a {@code tokenizer.json} text.
     *
     * @throws IllegalArgumentException if it is of a kind that cannot be read
     */
    public static Tokenizer of(String tokenizerJson) {
        return of(tokenizerJson, Map.of(), FILE);
    }

    /**
     * The tokenizer in a model folder.
     *
     * @throws IllegalArgumentException that names the file, if one is too large, not UTF-8, or of a kind that cannot be read
     * @throws UncheckedIOException if a file cannot be read
     */
    public static Tokenizer read(Path folder) {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : FILES) {
            Path file = folder.resolve(name);
            try {
                if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !name.equals(FILE)) {
                    continue; // but a link that leads to nothing is an error
                }
                if (Files.exists(file) && !Files.isRegularFile(file)) {
                    throw new IllegalArgumentException(
                            file + (Files.isDirectory(file) ? " is a folder." : " is not a regular file."));
                }
                if (Files.size(file) > MAXIMUM_FILE_SIZE) {
                    throw new IllegalArgumentException(file + " is larger than " + MAXIMUM_FILE_SIZE + " bytes.");
                }
                files.put(name, Files.readAllBytes(file));
            } catch (IOException exception) {
                throw new UncheckedIOException("Cannot read " + file + ": " + exception, exception);
            }
        }
        Map<String, String> texts = new TreeMap<>();
        files.forEach((name, content) -> {
            if (DECIDING.contains(name)) {
                texts.put(name, utf8(folder.resolve(name), content));
            }
        });
        return of(texts.get(FILE), files, folder.resolve(FILE).toString());
    }

    private static String utf8(Path file, byte[] content) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException wrong) {
            throw new IllegalArgumentException(file + " is not UTF-8 text.", wrong);
        }
    }

    private static Tokenizer of(String tokenizerJson, Map<String, byte[]> files, String name) {
        try {
            return new Tokenizer(tokenizerJson, files);
        } catch (IllegalArgumentException exception) {
            throw new IllegalArgumentException(name + ": " + exception.getMessage(), exception);
        }
    }

    /** Another one of the same files, which has its own turn in the library. */
    public Tokenizer copy() {
        return of(json, files == null ? Map.of() : files, FILE);
    }

    /**
     * The ids of a text. Special tokens that the text spells out are encoded like any other text. Half of a surrogate
     * pair, which has no UTF-8, is encoded as a question mark.
     */
    public int[] encode(String text) {
        return encode(text, beginning);
    }

    /** The ids of a piece of text that goes on after other text; see {@link #encode(String)}. */
    public int[] encodeContinuing(String text) {
        return encode(text, continuing);
    }

    private int[] encode(String text, NativeTokenizer first) {
        IntStream.Builder ids = IntStream.builder();
        NativeTokenizer[] tokenizer = {first};
        Consumer<String> encode = piece -> {
            for (int id : tokenizer[0].encode(piece, false)) {
                ids.add(id);
            }
            tokenizer[0] = continuing;
        };
        if (files == null) {
            TextPieces.split(valid(text), encode);
        } else if (cuts) {
            TextPieces.splitAtSpaces(valid(text), encode);
        } else {
            encode.accept(valid(text));
        }
        return ids.build().toArray();
    }

    /** As {@link #encode(String)}, however long the text is, at once. */
    int[] encodeWhole(String text) {
        return beginning.encode(valid(text), false);
    }

    private static String valid(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text)
                ? text
                : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    /**
     * A rendered text as ids.
     *
     * @param ranges of the parts that were asked for, each from its first token up to before the second number
     */
    record Encoded(int[] ids, List<int[]> ranges) {}

    /**
     * The ids of a text that a chat template made. The special tokens that it spells are special, unless the mark is in
     * them; nothing else is added.
     */
    Encoded encodeRendered(String text, char mark, List<Span> parts) {
        RenderedText rendered = new RenderedText(valid(text), mark, spellings, addedTokens, parts);
        List<String> pieces = new ArrayList<>();
        // What is put before a text is put after each special token as well, so that no piece would be as in the whole.
        if (cuts && continuing == beginning) {
            TextPieces.splitAtSpaces(rendered.toString(), pieces::add);
        } else {
            pieces.add(rendered.toString());
        }
        NativeTokenizer.Spans tokens = beginning.encode(pieces, !parts.isEmpty());
        return new Encoded(tokens.ids(), rendered.ranges(tokens));
    }

    /** The text of the ids. Special tokens appear as they are spelled, and bytes that are not UTF-8 as U+FFFD. */
    public String decode(int[] ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        TokenBytes reader = new TokenBytes(tokens, new BitSet(), leadingSpaces);
        IntStream.of(ids).forEach(id -> bytes.writeBytes(reader.next(id)));
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /**
     * A reader of the tokens of one text, one after the other, for whom special tokens have no text.
     *
     * @param begins whether it is the beginning of a text; else it goes on after other text
     */
    public TokenBytes reader(boolean begins) {
        return new TokenBytes(tokens, special, begins ? leadingSpaces : 0);
    }

    /** Whether the tokenizer has a chat template, without which there are no conversations. */
    public boolean chats() {
        return config.templates().containsKey(TokenizerConfig.DEFAULT);
    }

    Map<String, String> chatTemplates() {
        return config.templates();
    }

    /** Spelling by role, such as {@code bos_token}: templates are given these. */
    Map<String, String> specialTokens() {
        return config.specialTokens();
    }

    /** The spellings of the special tokens. */
    Set<String> specials() {
        return added.keySet().stream()
                .filter(token -> special.get(added.get(token)))
                .collect(Collectors.toSet());
    }

    /** Whether the end of a text follows each conversation, as in our own format. */
    public boolean endsConversations() {
        return files == null;
    }

    /** The bytes of one token, which need not be whole UTF-8 characters. None if no token has the id. */
    public byte[] bytes(int id) {
        return tokens[id] == null ? new byte[0] : tokens[id].clone();
    }

    /** The ids that stand for a token. */
    public BitSet ids() {
        BitSet ids = new BitSet(tokens.length);
        IntStream.range(0, tokens.length).filter(id -> tokens[id] != null).forEach(ids::set);
        return ids;
    }

    /** UTF-8 bytes of text in each token, by id: 0 for the special tokens. */
    public int[] textLengths() {
        return IntStream.range(0, tokens.length)
                .map(id -> special.get(id) || tokens[id] == null ? 0 : tokens[id].length)
                .toArray();
    }

    /** Number of ids: the largest one, and one. A model may have more rows, which stand for nothing. */
    public int vocabularySize() {
        return tokens.length;
    }

    /** The ids that are put before the text of a document; none in our own. */
    public int[] startOfText() {
        return start.clone();
    }

    /** The id after the text of a document. */
    public int endOfText() {
        return endOfText;
    }

    /** The ids that end an answer: those that end a turn or a text. */
    public int[] endsOfAnswers() {
        TreeSet<Integer> ends = new TreeSet<>(config.generationEnds());
        ends.add(endOfText);
        ends.add(endOfTurn());
        if (files == null) {
            // If the model opens another message, it begins to speak for someone else: that ends the answer too.
            ends.add(imStart());
        }
        return ends.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The id of {@code <|im_start|>} in our own. */
    public int imStart() {
        return tokens.length - 2;
    }

    /** The id of {@code <|im_end|>} in our own. */
    public int imEnd() {
        return tokens.length - 1;
    }

    /** The id that ends a turn: that of {@code eos_token}. */
    public int endOfTurn() {
        return added.getOrDefault(config.specialTokens().get("eos_token"), endOfText);
    }

    /** The text of the {@code tokenizer.json}. */
    public String json() {
        return json;
    }

    /**
     * The tokenizer's files in a Hugging Face model folder, by name. Those of others are as they were found.
     *
     * @param longest number of tokens that the model can look back on
     */
    public Map<String, byte[]> files(int longest) {
        return files != null
                ? Map.copyOf(files)
                : Map.of(
                        FILE,
                        json.getBytes(StandardCharsets.UTF_8),
                        TokenizerConfig.FILE,
                        TokenizerJson.tokenizerConfigJson(longest).getBytes(StandardCharsets.UTF_8),
                        TokenizerConfig.SPECIAL_TOKENS_FILE,
                        TokenizerJson.specialTokensMapJson().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The files that decide which ids a text or a conversation has, by name: of our own the {@code tokenizer.json} alone.
     */
    public Map<String, byte[]> identity() {
        if (files == null) {
            return Map.of(FILE, json.getBytes(StandardCharsets.UTF_8));
        }
        Map<String, byte[]> deciding = new TreeMap<>(files);
        deciding.keySet().retainAll(DECIDING);
        return deciding;
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
        beginning.close();
        if (continuing != null) {
            continuing.close();
        }
    }
}
