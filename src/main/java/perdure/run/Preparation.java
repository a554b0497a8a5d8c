package perdure.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import perdure.checkpoint.AtomicFiles;
import perdure.checkpoint.DurableFiles;
import perdure.checkpoint.RunLock;
import perdure.data.Corpus;
import perdure.data.Fingerprint;
import perdure.data.LearntTokenizer;
import perdure.data.MergedTokens;
import perdure.data.PreparedFolder;
import perdure.data.PreparedFolder.Sizes;
import perdure.data.Reading;
import perdure.data.Share;
import perdure.data.TokenizingOptions;
import perdure.tokenizer.Tokenizer;

/**
 * Prepares the tokens of files in a folder, so that runs begin without reading the text. One process does it all, or
 * several do a part each, on machines that share the folder.
 *
 * @param data files and folders of text
 * @param reading how they are read
 * @param out the folder for tokens and tokenizer
 * @param share the part to make; null: all
 * @param from a folder whose tokenizer is taken: that of a model, a run or prepared tokens; null: the one in {@code out},
 *     or one that is learnt
 * @param vocabularySize tokens that a tokenizer learns; 0: as many as usual
 * @param sizes how text is cut
 * @param messages receives sentences for people, one line each
 */
public record Preparation(
        List<Path> data,
        Reading reading,
        Path out,
        Share share,
        Path from,
        int vocabularySize,
        Sizes sizes,
        Consumer<String> messages) {

    /** Between two lines about progress. */
    private static final long INTERVAL = 10_000_000_000L;

    /** Learns the tokenizer from the files, where there is none yet, and makes no tokens. */
    public void learn() {
        requirePlace();
        try (Tokenizer there = tokenizerThere()) {
            if (there != null) {
                messages.accept(out + " has a tokenizer already, with " + ids(there) + ".");
                return;
            }
        }
        learnt().close();
    }

    /**
     * Makes the tokens, or the part. What was finished before stays. The last part puts all together.
     *
     * @return whether all tokens are finished
     * @throws BadInputException with one line, if the data, the tokenizer or the folder cannot be used
     */
    public boolean make() {
        requirePlace();
        boolean isNew = !Files.exists(out);
        try (Tokenizer tokenizer = tokenizer()) {
            Share part = share == null ? Share.ALL : share;
            PreparedFolder folder = BadInputException.naming(
                    "out", () -> new PreparedFolder(out, data, reading, tokenizer, part.of(), sizes));
            BadInputException.checking("shard tokens", folder::requireShards);
            if (!folder.isFinished()) {
                make(folder, part, isNew);
                SortedSet<Integer> missing = folder.missing();
                if (!missing.isEmpty() && !folder.isFinished()) {
                    messages.accept("Part " + part + " is finished. Missing: "
                            + missing.stream().map(String::valueOf).collect(Collectors.joining(", ")) + ".");
                    return false;
                }
                if (from != null && PreparedFolder.tokenizer(out) == null) {
                    write(tokenizer);
                }
                if (!merge(folder)) {
                    return false;
                }
            }
            deleteUnfinished();
            return true;
        }
    }

    /** @param isNew whether nothing was there before: then nothing is left behind if the text cannot be used */
    private void make(PreparedFolder folder, Share part, boolean isNew) {
        Path place = folder.stage().resolve("lock-" + part.part());
        try (RunLock lock = BadInputException.naming("part", () -> lock(place, "part " + part))) {
            long[] told = {System.nanoTime()};
            try {
                BadInputException.naming("data", () -> {
                    folder.make(
                            part,
                            new TokenizingOptions(
                                    Runtime.getRuntime().availableProcessors(),
                                    characters -> {
                                        if (System.nanoTime() - told[0] > INTERVAL) {
                                            told[0] = System.nanoTime();
                                            messages.accept(String.format(
                                                    Locale.ROOT,
                                                    "%,d million characters are done.",
                                                    characters / 1_000_000));
                                        }
                                    },
                                    () -> false));
                    return true;
                });
            } catch (BadInputException unusable) {
                if (isNew && part.of() == 1) {
                    delete(out, unusable);
                }
                throw unusable;
            }
            folder.notes().stream().skip(part.of() == 1 ? 0 : 1).forEach(messages);
        }
    }

    /** The lock is held, so that no other process is at work there. */
    private static void delete(Path place, RuntimeException reason) {
        try {
            DurableFiles.delete(place);
        } catch (IOException problem) {
            reason.addSuppressed(problem);
        }
    }

    private static RunLock lock(Path place, String what) {
        try {
            return RunLock.acquire(place);
        } catch (IllegalArgumentException held) {
            throw new HeldException(
                    what + " is being made: " + held.getMessage().replace("The run folder ", ""), held);
        }
    }

    /** Returns false if another process is at it. */
    private boolean merge(PreparedFolder folder) {
        try (RunLock lock = lock(folder.stage().resolve("lock-all"), "the result")) {
            if (folder.isFinished()) {
                return true;
            }
            MergedTokens tokens = BadInputException.naming("out", folder::merged);
            BadInputException.naming("out", () -> {
                AtomicFiles.requireRoom(out.resolve("tokens.json"), tokens.bytes());
                return true;
            });
            int shards = tokens.write((name, content) -> AtomicFiles.write(out.resolve(name), content::writeTo));
            messages.accept(String.format(
                    Locale.ROOT, "%,d tokens in %,d shard%s.", tokens.tokens(), shards, shards == 1 ? "" : "s"));
            return true;
        } catch (HeldException held) {
            messages.accept(held.getMessage());
            return false;
        }
    }

    private static final class HeldException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        HeldException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private void deleteUnfinished() {
        try (Stream<Path> files = Files.list(out)) {
            for (Path file : files.filter(each -> each.getFileName().toString().startsWith("unfinished-"))
                    .toList()) {
                DurableFiles.delete(file);
            }
        } catch (NoSuchFileException deleted) {
            return; // Another process does it.
        } catch (IOException problem) {
            throw new UncheckedIOException(out + ": " + DurableFiles.cause(problem), problem);
        }
    }

    private void requirePlace() {
        Path place = out.toAbsolutePath().normalize();
        for (Path path : data) {
            if (Files.isDirectory(path)
                    && place.startsWith(path.toAbsolutePath().normalize())) {
                throw new BadInputException(
                        "out", "out " + out + " is inside the data in " + path + ", which it would become a part of.");
            }
        }
        if (Files.exists(out) && !Files.isDirectory(out)) {
            throw new BadInputException("out", "out " + out + " is not a folder.");
        }
    }

    private static String ids(Tokenizer tokenizer) {
        return String.format(Locale.ROOT, "%,d ids", tokenizer.vocabularySize());
    }

    /** The one in the folder; null if there is none. */
    private Tokenizer tokenizerThere() {
        int learnt = PreparedFolder.learntSize(out);
        if (vocabularySize > 0 && learnt > 0 && learnt != vocabularySize) {
            throw new BadInputException(
                    "vocab size",
                    "vocab size " + vocabularySize + " is not that of the tokenizer in " + out + ", which learnt "
                            + learnt + " tokens.");
        }
        return BadInputException.naming("out", () -> PreparedFolder.tokenizer(out));
    }

    private Tokenizer tokenizer() {
        Tokenizer there = tokenizerThere();
        if (from != null) {
            Tokenizer given = BadInputException.naming("from", this::given);
            if (there == null) {
                return given;
            }
            boolean same = Fingerprint.of(given).equals(Fingerprint.of(there));
            given.close();
            if (!same) {
                there.close();
                throw new BadInputException("from", "from " + from + " is another tokenizer than that in " + out + ".");
            }
        }
        if (there != null) {
            return there;
        }
        if (share != null && share.of() > 1) {
            throw BadInputException.withRemedy(
                    "part",
                    "part " + share + " needs a tokenizer that all parts share, and " + out
                            + " has none: learn it first, or take that of a model.",
                    "tokenizer only");
        }
        return learnt();
    }

    private Tokenizer given() {
        Tokenizer prepared = Files.isDirectory(from) ? PreparedFolder.tokenizer(from) : null;
        return prepared != null ? prepared : Tokenizer.read(FineTuning.newest(from));
    }

    private Tokenizer learnt() {
        int size = vocabularySize > 0 ? vocabularySize : ModelShape.DEFAULT.vocabularySize();
        Corpus corpus = BadInputException.naming("data", () -> Corpus.files(data, reading));
        LearntTokenizer learnt =
                BadInputException.naming("data", () -> LearntTokenizer.learn(corpus, size, () -> false));
        write(learnt);
        Tokenizer tokenizer = Tokenizer.of(learnt.json());
        messages.accept("Learnt a tokenizer of " + ids(tokenizer) + ".");
        return tokenizer;
    }

    private void write(LearntTokenizer learnt) {
        AtomicFiles.write(
                out.resolve(LearntTokenizer.FILE), channel -> channel.write(ByteBuffer.wrap(learnt.content())));
    }

    /** The file that decides comes last. */
    private void write(Tokenizer given) {
        LearntTokenizer learnt = LearntTokenizer.in(from);
        if (learnt != null) {
            write(learnt);
            return;
        }
        Map<String, byte[]> files = new TreeMap<>(given.files(Integer.MAX_VALUE));
        byte[] last = files.remove("tokenizer.json");
        files.forEach((name, content) ->
                AtomicFiles.write(out.resolve(name), channel -> channel.write(ByteBuffer.wrap(content))));
        AtomicFiles.write(out.resolve("tokenizer.json"), channel -> channel.write(ByteBuffer.wrap(last)));
    }
}
