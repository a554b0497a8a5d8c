package perdure.data;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import perdure.data.TokenParts.Column;
import perdure.tokenizer.Tokenizer;

/**
 * A text that never changes, with a tokenizer that was learnt from it and its tokens beside a class. Where these suit, the
 * text itself is not read, which saves most of a start. With another tokenizer it is read as any other text.
 */
final class PackagedCorpus implements Corpus {

    private final Corpus text;
    private final Class<?> neighbour;
    private final LearntTokenizer learnt;

    /** @param neighbour class beside whose file the files lie, as {@link #write} makes them */
    PackagedCorpus(Corpus text, Class<?> neighbour) {
        this.text = text;
        this.neighbour = neighbour;
        try (InputStream file = resource(LearntTokenizer.FILE).openStream()) {
            learnt = LearntTokenizer.of(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException problem) {
            throw unreadable(problem);
        }
        if (learnt == null) {
            throw new IllegalStateException("The jar has a damaged " + LearntTokenizer.FILE + ".");
        }
    }

    /**
     * Writes the files into a folder: the tokenizer of a size that is learnt from a text, and the text's tokens.
     *
     * @param folder in which nothing else is
     */
    static void write(Path folder, Corpus text, int vocabularySize) {
        LearntTokenizer learnt = LearntTokenizer.learn(text, vocabularySize, () -> false);
        learnt.write(folder);
        try (Tokenizer tokenizer = Tokenizer.of(learnt.json())) {
            TokenFile.open(folder, text, tokenizer, new TokenizingOptions(1, done -> {}, () -> false));
        }
    }

    private static UncheckedIOException unreadable(IOException problem) {
        return new UncheckedIOException("The jar cannot be read: " + problem, problem);
    }

    private URL resource(String name) throws IOException {
        URL resource = neighbour.getResource(name);
        if (resource == null) {
            throw new FileNotFoundException(name);
        }
        return resource;
    }

    @Override
    public LearntTokenizer learnt(int vocabularySize) {
        return vocabularySize == learnt.vocabularySize() ? learnt : null;
    }

    @Override
    public String fingerprint(BooleanSupplier stop) {
        return learnt.fingerprint();
    }

    @Override
    public String signature() {
        return learnt.signature();
    }

    @Override
    public void read(Predicate<Passage> reader, Runnable nextFile) {
        text.read(reader, nextFile);
    }

    @Override
    public TokenFile tokens(Path folder, Tokenizer tokenizer, TokenizingOptions options) {
        String name = TokenFile.name(learnt.fingerprint(), TokenFile.header(tokenizer));
        if (isHere(name) && !Files.isDirectory(folder.resolve(name))) {
            place(name, folder);
        }
        return TokenFile.open(folder, this, tokenizer, options);
    }

    private boolean isHere(String name) {
        return neighbour.getResource(name + "/" + TokenParts.FILE) != null;
    }

    private void place(String name, Path folder) {
        try {
            Path unfinished = Files.createDirectories(folder.resolve(TokenFile.UNFINISHED));
            for (Column column : Column.values()) {
                copy(name, column.in(unfinished));
            }
            copy(name, unfinished.resolve(TokenParts.FILE));
            Files.move(unfinished, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot write the tokens into " + folder + ": " + problem, problem);
        }
    }

    private void copy(String name, Path to) throws IOException {
        try (InputStream file = resource(name + "/" + to.getFileName()).openStream()) {
            Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Override
    public Length length(long enough, Tokenizer tokenizer, BooleanSupplier stop) {
        TokenParts.Header header = TokenFile.header(tokenizer);
        String name = TokenFile.name(learnt.fingerprint(), header);
        if (!isHere(name)) {
            return text.length(enough, tokenizer, stop);
        }
        try {
            URL ids = resource(name + "/" + Column.IDS.in(Path.of(name)).getFileName());
            return new Length(ids.openConnection().getContentLengthLong() / header.width(Column.IDS), true);
        } catch (IOException problem) {
            throw unreadable(problem);
        }
    }

    @Override
    public long check(Tokenizer tokenizer, BooleanSupplier stop) {
        return text.check(tokenizer, stop);
    }

    @Override
    public List<String> notes() {
        return text.notes();
    }
}
