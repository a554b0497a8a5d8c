package perdure.data;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Documents in a fixed order. They are streamed, so that a document may be larger than memory.
 *
 * <p>Several threads may use a corpus. Each call of {@link #read} reads on its own, and calls its reader on the thread
 * that called it.
 */
public interface Corpus {

    /**
     * The files at the paths, in an order that depends on their contents alone. Folders are searched recursively;
     * hidden and empty files, and those that no {@link FileFormat} knows, are left out there.
     *
     * @throws IllegalArgumentException that names the path, if it does not exist or holds nothing that can be read
     */
    static Corpus files(List<Path> paths, Reading reading) {
        return FileCorpus.of(paths, reading);
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
     * @throws IllegalArgumentException that names the place, if the content is not text or breaks its format
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
