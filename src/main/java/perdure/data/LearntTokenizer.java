package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.BooleanSupplier;
import perdure.tokenizer.ByteLevelBpeTrainer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tokenizer of a new run, and the text that it was learnt from. It is in the run folder until a checkpoint has it, so
 * that a process that is stopped before need not learn it again.
 *
 * @param format of the file
 * @param signature of the text when it was read
 * @param vocabularySize that was asked for
 * @param fingerprint of the text
 * @param characters of the text
 * @param learned how many of its passages the loss on assistant turns counts
 * @param json content of its {@code tokenizer.json}
 * @param checksum SHA-256 of that
 */
public record LearntTokenizer(
        int format,
        String signature,
        int vocabularySize,
        String fingerprint,
        long characters,
        long learned,
        String json,
        String checksum) {

    public static final String FILE = "learnt-tokenizer.json";

    private static final int FORMAT = 1;
    private static final long MAXIMUM_LENGTH = 256L << 20;

    /**
     * Learns a tokenizer, unless the corpus comes with one. The whole text is read once, so that errors in it are found
     * before anything is written.
     *
     * @param vocabularySize byte tokens and merges, without the special tokens
     * @param stop asked between passages and between merges
     * @throws java.util.concurrent.CancellationException if {@code stop} returns true
     * @throws IllegalArgumentException if the text has bad content
     */
    public static LearntTokenizer learn(Corpus corpus, int vocabularySize, BooleanSupplier stop) {
        LearntTokenizer known = corpus.learnt(vocabularySize);
        if (known != null) {
            return known;
        }
        String signature = corpus.signature();
        ByteLevelBpeTrainer trainer = new ByteLevelBpeTrainer();
        boolean[] counts = {vocabularySize > ByteLevelBpeTrainer.BYTES};
        long[] characters = {0};
        long[] learned = {0};
        corpus.read(passage -> {
            counts[0] = counts[0] && trainer.add(passage.content());
            characters[0] += passage.text().length();
            learned[0] += passage.learned() ? 1 : 0;
            return Corpus.goOn(stop);
        });
        String json = trainer.train(vocabularySize, stop);
        return new LearntTokenizer(
                FORMAT,
                signature,
                vocabularySize,
                corpus.fingerprint(stop),
                characters[0],
                learned[0],
                json,
                checksum(json));
    }

    private static String checksum(String json) {
        return new Fingerprint().add(json.getBytes(StandardCharsets.UTF_8)).hex();
    }

    /** The one in the folder, if it was learnt from this text with this size; else null. */
    public static LearntTokenizer read(Path folder, Corpus corpus, int vocabularySize) {
        LearntTokenizer read = in(folder);
        return read != null
                        && read.vocabularySize == vocabularySize
                        && corpus.signature().equals(read.signature)
                ? read
                : null;
    }

    /** The one in the folder, whatever it was learnt from; null if there is none that can be read. */
    public static LearntTokenizer in(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            if (Files.size(file) > MAXIMUM_LENGTH) {
                return null;
            }
            return of(Files.readString(file));
        } catch (IOException absent) {
            return null;
        }
    }

    /** That with this content; null if it is damaged or of another format. */
    static LearntTokenizer of(String content) {
        try {
            LearntTokenizer read = JsonMapper.shared().readValue(content, LearntTokenizer.class);
            return read != null
                            && read.format == FORMAT
                            && read.json != null
                            && checksum(read.json).equals(read.checksum)
                    ? read
                    : null;
        } catch (JacksonException damaged) {
            return null;
        }
    }

    /** Content of the file. */
    public byte[] content() {
        return JsonMapper.shared().writeValueAsBytes(this);
    }

    /** Writes it into the folder. */
    public void write(Path folder) {
        Path temporary = folder.resolve(FILE + ".tmp");
        try {
            Files.write(temporary, content());
            Files.move(temporary, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot write " + temporary + ": " + problem, problem);
        }
    }

    /** Deletes the one in the folder. */
    public static void delete(Path folder) {
        try {
            Files.deleteIfExists(folder.resolve(FILE));
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot delete " + folder.resolve(FILE) + ": " + problem, problem);
        }
    }
}
