package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import perdure.data.TokenParts.Column;
import perdure.tokenizer.Tokenizer;

/**
 * The tokens of a corpus, and where its documents and files begin, in memory-mapped files of one folder. They may be
 * larger than memory.
 *
 * <p>It is a cache. Its name is made from the fingerprints of corpus and tokenizer, and every byte is checked when it is
 * opened. What is missing or damaged is tokenized again. Several threads may read it.
 */
public final class TokenFile {

    /** So many tokens are a shard, which suits stores of large objects. */
    static final long SHARD = 1L << 27;

    /** Where tokens are while their corpus is not yet finished. */
    static final String UNFINISHED = "tokens.tmp";

    /** Folders of this version, and files of earlier ones. */
    private static final Pattern NAME = Pattern.compile("tokens-[0-9a-f]{16}(\\.bin)?");

    private final Path path;
    private final String corpus;
    private final boolean hasConversations;
    private final long shard;
    private final NumberFile ids;
    private final NumberFile documents;
    private final NumberFile unlearned;
    private final NumberFile sources;
    private final long unlearnedTokens;

    private TokenFile(Path path, TokenParts parts, int mapShift) throws IOException {
        this.path = path;
        corpus = parts.corpus();
        hasConversations = parts.parts().stream().anyMatch(part -> part.messages() > 0);
        shard = SHARD;
        ids = parts.map(path, Column.IDS, mapShift);
        documents = parts.map(path, Column.DOCUMENTS, mapShift);
        unlearned = parts.map(path, Column.UNLEARNED, mapShift);
        sources = parts.map(path, Column.SOURCES, mapShift);
        unlearnedTokens =
                parts.parts().stream().mapToLong(TokenParts.Part::unlearned).sum();
    }

    private TokenFile(PreparedTokens prepared) {
        path = prepared.folder();
        corpus = prepared.fingerprint(() -> false);
        TokenManifest manifest = prepared.manifest();
        hasConversations = manifest.contents().messages() > 0;
        shard = manifest.shard();
        ids = prepared.column(Column.IDS);
        documents = prepared.column(Column.DOCUMENTS);
        unlearned = prepared.column(Column.UNLEARNED);
        sources = prepared.column(Column.SOURCES);
        unlearnedTokens = manifest.contents().unlearned();
    }

    /** Tokens that are made already. */
    static TokenFile of(PreparedTokens prepared) {
        return new TokenFile(prepared);
    }

    /**
     * Opens the tokens of a corpus in the given folder. What is missing or damaged is tokenized first. A plain text
     * document becomes the tokens of its text, a conversation those of its ChatML messages. {@code <|endoftext|>}
     * follows each document.
     *
     * @throws CancellationException if a stop was requested; finished parts stay in the folder
     * @throws IllegalArgumentException if the corpus has bad content, or changed while it was read
     * @throws UncheckedIOException if a file cannot be read or written
     */
    public static TokenFile open(Path folder, Corpus corpus, Tokenizer tokenizer, TokenizingOptions options) {
        return open(folder, corpus, tokenizer, options, Tokenizing.PART);
    }

    /** @param partSize characters of a part */
    static TokenFile open(Path folder, Corpus corpus, Tokenizer tokenizer, TokenizingOptions options, long partSize) {
        TokenParts.Header header = header(tokenizer);
        try {
            // If nothing is here, the text is read once only: its fingerprint is taken while it is tokenized.
            if (list(folder).stream().anyMatch(Files::isDirectory)) {
                String fingerprint = corpus.fingerprint(options.stop());
                Path file = folder.resolve(name(fingerprint, header));
                TokenParts parts = TokenParts.read(file);
                if (parts != null && parts.header().equals(header) && fingerprint.equals(parts.corpus())) {
                    TokenParts verified = parts.verified(file, options.stop());
                    if (verified.corpus() != null) {
                        return new TokenFile(file, verified, NumberFile.MAP_SHIFT);
                    }
                }
            }
            return tokenized(folder, corpus, tokenizer, header, options, partSize);
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read or write the tokens in " + folder + ": " + problem, problem);
        }
    }

    private static TokenFile tokenized(
            Path folder,
            Corpus corpus,
            Tokenizer tokenizer,
            TokenParts.Header header,
            TokenizingOptions options,
            long partSize)
            throws IOException {
        Path unfinished = folder.resolve(UNFINISHED);
        boolean isNew = !Files.exists(unfinished);
        try {
            Tokenizing.run(unfinished, corpus, tokenizer, header, options, partSize, Share.ALL);
        } catch (IllegalArgumentException badText) {
            if (isNew) {
                delete(unfinished);
            }
            throw badText;
        }
        Path file = folder.resolve(name(corpus.fingerprint(options.stop()), header));
        delete(file);
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        return map(file, NumberFile.MAP_SHIFT);
    }

    /** What all parts of the tokens of that tokenizer have in common. */
    static TokenParts.Header header(Tokenizer tokenizer) {
        return TokenParts.Header.of(Fingerprint.of(tokenizer), tokenizer.vocabularySize());
    }

    /** Name of the folder with the tokens of a corpus, given its fingerprint. */
    static String name(String corpus, TokenParts.Header header) {
        String fingerprint = new Fingerprint()
                .add(TokenParts.FORMAT)
                .add((corpus + header.tokenizer()).getBytes(StandardCharsets.US_ASCII))
                .hex();
        return "tokens-" + fingerprint.substring(0, 16);
    }

    /** The finished token files in a folder, those of earlier versions included. */
    private static List<Path> list(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(
                            file -> NAME.matcher(file.getFileName().toString()).matches())
                    .toList();
        }
    }

    /** Deletes all token files in a folder, but for those that are used. */
    static void prune(Path folder, Collection<TokenFile> used) {
        try {
            List<Path> unused = new ArrayList<>(list(folder));
            used.forEach(file -> unused.remove(file.path));
            for (Path file : unused) {
                delete(file);
            }
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot delete old tokens in " + folder + ": " + problem, problem);
        }
    }

    /** Deletes a file, or a folder of files. */
    private static void delete(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            try (Stream<Path> files = Files.list(file)) {
                for (Path inside : files.toList()) {
                    Files.delete(inside);
                }
            }
        }
        Files.deleteIfExists(file);
    }

    /** The tokens in a folder, which are not checked. */
    static TokenFile map(Path file, int mapShift) throws IOException {
        return new TokenFile(file, TokenParts.read(file), mapShift);
    }

    /** Tokens of a shard: what is read together where a place costs time to go to. */
    long shard() {
        return shard;
    }

    /** Path of the folder. */
    public Path path() {
        return path;
    }

    /** Number of tokens. */
    public long size() {
        return ids.size();
    }

    /** The token id at an index, from zero. */
    public int id(long index) {
        return (int) ids.at(index);
    }

    /** Number of documents. */
    public long documents() {
        return documents.size() / 2;
    }

    /** Index of a document's first token. */
    long start(long document) {
        return document == 0 ? 0 : end(document - 1);
    }

    /** The index after a document's last token, which is {@code <|endoftext|>}. */
    long end(long document) {
        return documents.at(2 * document);
    }

    /** A hash of a document's tokens: equal documents have equal ones. */
    long hash(long document) {
        return documents.at(2 * document + 1);
    }

    /** Number of files that the documents come from. */
    long sources() {
        return sources.size();
    }

    /** Index of a file's first document. */
    long firstDocument(long source) {
        return source == sources.size() ? documents() : sources.at(source);
    }

    /** Whether any document is a conversation. */
    public boolean hasConversations() {
        return hasConversations;
    }

    /**
     * How many of the tokens before an index the loss on assistant turns does not count. Costs O(log n).
     *
     * @param index 0 to {@link #size}
     */
    long unlearnedBefore(long index) {
        long low = 0; // the spans before this one begin before the index
        long high = unlearned.size() / 2;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (unlearned.at(2 * middle) < index) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == 0) {
            return 0;
        }
        long before = unlearned.at(2 * low - 1);
        long end = 2 * low == unlearned.size() ? unlearnedTokens : unlearned.at(2 * low + 1);
        return before + Math.min(index - unlearned.at(2 * low - 2), end - before);
    }

    /** Whether the loss on assistant turns counts the token at an index. */
    boolean isLearned(long index) {
        return unlearnedBefore(index + 1) == unlearnedBefore(index);
    }

    /** Fingerprint of the corpus, in hexadecimal. */
    public String fingerprint() {
        return corpus;
    }

    /** All tokens. */
    public TokenRange all() {
        return new TokenRange(this, 0, size());
    }

    /**
     * The training tokens: all but the last {@code fraction}.
     *
     * @throws IllegalArgumentException if the fraction leaves fewer than 2 tokens on one side
     */
    public TokenRange training(double fraction) {
        return new TokenRange(this, 0, border(fraction));
    }

    /**
     * The validation tokens: the last {@code fraction}.
     *
     * @throws IllegalArgumentException if the fraction leaves fewer than 2 tokens on one side
     */
    public TokenRange validation(double fraction) {
        return new TokenRange(this, border(fraction), size());
    }

    private long border(double fraction) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException("validation fraction " + fraction + " is not between 0 and 1.");
        }
        long border = size() - (long) (size() * fraction);
        if (border < 2 || size() - border < 2) {
            throw new IllegalArgumentException("validation fraction " + fraction + " of " + size()
                    + " tokens leaves fewer than 2 tokens on one side.");
        }
        return border;
    }
}
