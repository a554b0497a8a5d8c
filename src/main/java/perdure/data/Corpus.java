package perdure.data;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import perdure.tokenizer.Tokenizer;

/**
 * Documents in a fixed order. They are streamed, so that a document may be larger than memory.
 *
 * <p>Several threads may use a corpus. Each call of {@link #read} reads on its own, and calls its reader on the thread
 * that called it.
 */
public interface Corpus {

    /**
     * The files at the paths, in an order that depends on their contents alone. Folders are searched recursively;
     * hidden and empty files, and those that no {@link FileFormat} knows, are left out there. A folder that {@link
     * PreparedFolder} made has tokens already.
     *
     * @throws IllegalArgumentException that names the path, if it does not exist or holds nothing that can be read
     */
    static Corpus files(List<Path> paths, Reading reading) {
        PreparedTokens prepared = PreparedTokens.in(paths, reading);
        return prepared != null ? prepared : FileCorpus.of(paths, reading);
    }

    /** As {@link #files(List, Reading)}, read in the usual way. */
    static Corpus files(List<Path> paths) {
        return files(paths, Reading.DEFAULT);
    }

    /** Conversations that are held in memory. Each is one document. */
    static Corpus conversations(List<Conversation> conversations) {
        List<Conversation> copy = List.copyOf(conversations);
        return conversations(() -> copy);
    }

    /** As {@link #conversations(List)}, but asked for each time they are read. */
    static Corpus conversations(Supplier<List<Conversation>> conversations) {
        return new ConversationCorpus(conversations);
    }

    /**
     * A text that comes with what {@link PackagedCorpus} writes of it.
     *
     * @param neighbour class beside whose file that lies
     */
    static Corpus packaged(Corpus text, Class<?> neighbour) {
        return new PackagedCorpus(text, neighbour);
    }

    /**
     * SHA-256 of the contents of all that is read, in hexadecimal. After a complete {@link #read} it is known without
     * reading again.
     *
     * @param stop asked between blocks of data
     * @throws CancellationException if {@code stop} returns true
     */
    String fingerprint(BooleanSupplier stop);

    /** The names and the bytes of the files that are read; empty if they are none. */
    default Map<String, Long> sizes() {
        return Map.of();
    }

    /**
     * A text that is another one if the content may have changed, found without reading it: from names, sizes and times
     * of change.
     */
    String signature();

    /**
     * Passes the passages to the reader, in order, until the reader returns false.
     *
     * @param nextFile called before the first passage of each file
     * @throws IllegalArgumentException that names the place, if the content is not text or breaks its format, or if there
     *     is no text at all
     * @throws UncheckedIOException if the content cannot be read, changes while it is read, or is not what it was when
     *     it was read before
     */
    void read(Predicate<Passage> reader, Runnable nextFile);

    /** As {@link #read(Predicate, Runnable)}, for a reader to whom all files are one. */
    default void read(Predicate<Passage> reader) {
        read(reader, () -> {});
    }

    /**
     * What the last complete {@link #read} found that people should know: how much was read, and what was left out. One
     * line each.
     */
    default List<String> notes() {
        return List.of();
    }

    /** Which files of this corpus have the same content as one of the other, one line each. */
    default List<String> sharedWith(Corpus other) {
        return List.of();
    }

    /** The tokenizer of that size that comes with the text; null if it is yet to be learnt. */
    default LearntTokenizer learnt(int vocabularySize) {
        return null;
    }

    /** The folder of tokens that are made already, with their tokenizer; null if this is text. */
    default Path prepared() {
        return null;
    }

    /**
     * The tokens: made now, or taken from the cache in {@code folder}. Errors are those of {@link TokenFile#open}.
     *
     * @throws IllegalArgumentException also if they are made already, by another tokenizer
     */
    default TokenFile tokens(Path folder, Tokenizer tokenizer, TokenizingOptions options) {
        return TokenFile.open(folder, this, tokenizer, options);
    }

    /** How many tokens there are, and whether any document is a conversation. */
    record Length(long tokens, boolean hasConversations) {}

    /** The number of tokens. Counting stops at {@code enough} or more. */
    default Length length(long enough, Tokenizer tokenizer, BooleanSupplier stop) {
        long[] tokens = {0};
        boolean[] conversations = {false};
        boolean[] continues = {false};
        PassageEncoder encoder = new PassageEncoder(tokenizer);
        read(passage -> {
            encoder.add(passage, continues[0]).forEach(encoded -> tokens[0] += encoded.ids().length);
            continues[0] = !passage.endsDocument();
            conversations[0] |= passage.role() != null;
            return goOn(stop) && tokens[0] < enough;
        });
        return new Length(tokens[0], conversations[0]);
    }

    /**
     * Reads everything once, to find errors in the content, and conversations that have no form in the chat template of
     * a given tokenizer.
     *
     * @param stop asked between passages
     * @return how many passages, or of made tokens how many of them, the loss on assistant turns counts
     */
    default long check(Tokenizer tokenizer, BooleanSupplier stop) {
        long[] learned = {0};
        PassageEncoder encoder = new PassageEncoder(tokenizer);
        read(passage -> {
            learned[0] += encoder.check(passage);
            return goOn(stop);
        });
        return learned[0];
    }

    /**
     * This corpus as a run recorded it. Version 0.1.0 made another fingerprint of the same files and read them in
     * another order.
     *
     * @param fingerprint that the run recorded
     * @return a corpus with that fingerprint, or this one if there is none
     * @throws CancellationException if {@code stop} returns true
     */
    default Corpus recordedAs(String fingerprint, BooleanSupplier stop) {
        return this;
    }

    /**
     * Reads everything once, to find errors in the content.
     *
     * @param stop asked between passages
     * @throws CancellationException if {@code stop} returns true
     * @throws IllegalArgumentException as {@link #read} does
     */
    default void check(BooleanSupplier stop) {
        read(passage -> goOn(stop));
    }

    /**
     * Returns true, for a reader that goes on.
     *
     * @throws CancellationException if {@code stop} returns true
     */
    static boolean goOn(BooleanSupplier stop) {
        if (stop.getAsBoolean()) {
            throw new CancellationException("Stopped while reading the text.");
        }
        return true;
    }
}
