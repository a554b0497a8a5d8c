package perdure.data;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import perdure.tokenizer.ByteLevelBpeTrainer;

/** Documents in a fixed order, streamed: none need fit in memory. */
public interface Corpus {

    /**
     * The text and JSON-lines files that the paths name, folders searched recursively.
     *
     * @throws IllegalArgumentException when a path does not exist, is empty, or holds no {@code .txt} or {@code .jsonl}
     */
    static Corpus files(List<Path> paths) {
        return FileCorpus.of(paths);
    }

    /** Conversations held in memory, each one a document. */
    static Corpus conversations(List<Conversation> conversations) {
        List<Conversation> copy = List.copyOf(conversations);
        return conversations(() -> copy);
    }

    /** As {@link #conversations(List)}, asked for when they are first read. */
    static Corpus conversations(Supplier<List<Conversation>> conversations) {
        return new ConversationCorpus(conversations);
    }

    /**
     * SHA-256, in hexadecimal, over the names and contents of what is read.
     *
     * @param stop asked every now and then
     * @throws CancellationException when {@code stop} says so
     */
    String fingerprint(BooleanSupplier stop);

    /**
     * Hands over the passages in order until the reader returns false.
     *
     * @throws IllegalArgumentException when the content is not text or not what its format asks for; names the place
     */
    void read(Predicate<Passage> reader);

    /**
     * Reads everything once, for the errors that only reading finds.
     *
     * @param stop asked between passages
     * @throws CancellationException when {@code stop} says so
     */
    default void check(BooleanSupplier stop) {
        read(passage -> goOn(stop));
    }

    /**
     * Learns a tokenizer from the documents.
     *
     * @param vocabularySize byte tokens and merges, without the specials
     * @param stop asked between passages and between merges
     * @return the text of a {@code tokenizer.json}
     * @throws CancellationException when {@code stop} says so
     */
    default String trainTokenizer(int vocabularySize, BooleanSupplier stop) {
        ByteLevelBpeTrainer trainer = new ByteLevelBpeTrainer();
        if (vocabularySize > ByteLevelBpeTrainer.BYTES) {
            read(passage -> goOn(stop) && trainer.add(passage.content()));
        }
        return trainer.train(vocabularySize, stop);
    }

    /**
     * True.
     *
     * @throws CancellationException when {@code stop} says so
     */
    static boolean goOn(BooleanSupplier stop) {
        if (stop.getAsBoolean()) {
            throw new CancellationException("Stopped while the text was read.");
        }
        return true;
    }
}
