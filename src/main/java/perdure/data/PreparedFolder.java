package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import perdure.tokenizer.Tokenizer;

/**
 * A folder in which one or several processes make the tokens of files, each a part of them. The result is the same bytes
 * whatever the number of parts is: text is cut into sections, which are files that follow each other, and sections into
 * blocks, where the content says so. The parts share out the sections. A section that is larger than a fair share is
 * read by all of them, and they share out its blocks.
 *
 * <p>Sections are beside each other in one folder until all are finished. Then {@link #merged} puts them together.
 */
public final class PreparedFolder {

    private static final String UNFINISHED = "unfinished-";

    private static final String SHARD = "-shards-of-";

    private static final String TOKENIZER = "tokenizer.json";

    private final Path folder;
    private final Tokenizer tokenizer;
    private final TokenParts.Header header;
    private final String text;
    private final int parts;
    private final Sizes sizes;
    private final List<Section> sections = new ArrayList<>();
    private final Notes notes = new Notes();
    private final long bytes;

    /**
     * How text is cut. All processes that work together need the same.
     *
     * @param block characters of a block
     * @param section bytes of a section, which has at least one file
     * @param shard numbers of a shard of the result, a power of two
     */
    public record Sizes(long block, long section, int shard) {

        public static final Sizes USUAL = new Sizes(Tokenizing.PART, 256 << 20, TokenManifest.MOST);

        public Sizes {
            if (Integer.bitCount(shard) != 1 || shard < TokenManifest.LEAST || shard > TokenManifest.MOST) {
                throw new IllegalArgumentException("shard tokens " + shard + " is not a power of two from "
                        + TokenManifest.LEAST + " to " + TokenManifest.MOST + ".");
            }
        }
    }

    /** @param number from zero */
    private record Section(int number, FileCorpus corpus, long bytes) {}

    /**
     * The folder for the tokens of some files.
     *
     * @param parts in which they are made
     * @throws IllegalArgumentException with one line, if the folder has those of other files, of another tokenizer or of
     *     another number of parts
     */
    public PreparedFolder(Path folder, List<Path> data, Reading reading, Tokenizer tokenizer, int parts, Sizes sizes) {
        this.folder = folder;
        this.tokenizer = tokenizer;
        this.parts = parts;
        this.sizes = sizes;
        header = TokenFile.header(tokenizer);
        if (PreparedTokens.in(data, reading) != null) {
            throw new IllegalArgumentException(data.get(0) + " has tokens already, and no text.");
        }
        FileCorpus corpus = FileCorpus.of(data, reading);
        text = corpus.outline();
        List<FileCorpus> cut = corpus.sections(sizes.section(), notes);
        cut.forEach(files -> sections.add(new Section(sections.size(), files, files.bytes())));
        bytes = sections.stream().mapToLong(Section::bytes).sum();
        requireSame();
    }

    private void requireSame() {
        if (TokenManifest.isIn(folder)) {
            TokenManifest there = TokenManifest.read(folder).manifest();
            if (!there.text().equals(text) || !there.tokenizer().equals(header.tokenizer())) {
                throw new IllegalArgumentException(
                        folder + " has the tokens of other data or of another tokenizer: name another folder.");
            }
            return;
        }
        for (Path other : unfinished(folder)) {
            String whole = other.getFileName().toString();
            if (!whole.equals(made()) && !whole.startsWith(made() + SHARD)) {
                String name = whole.substring(UNFINISHED.length());
                String before = name.replaceAll("-.*", "");
                throw new IllegalArgumentException(
                        before.equals(Integer.toString(parts))
                                ? folder + " has unfinished tokens of other data or of another tokenizer: name another"
                                        + " folder, or delete it."
                                : folder + " was begun in " + before + " parts and not in " + parts
                                        + ": go on with these, or delete " + other + ".");
            }
        }
    }

    /**
     * Requires that the shards have the size with which the folder was begun. Until the last part is made nothing else
     * depends on it.
     *
     * @throws IllegalArgumentException with one line that begins with {@code shard tokens}, if they have not
     */
    public void requireShards() {
        int begun = sizes.shard();
        if (TokenManifest.isIn(folder)) {
            begun = TokenManifest.read(folder).manifest().shard();
        } else {
            for (Path other : unfinished(folder)) {
                String name = other.getFileName().toString();
                begun = name.equals(made())
                        ? TokenManifest.MOST
                        : Integer.parseInt(name.substring(made().length() + SHARD.length()));
            }
        }
        if (begun != sizes.shard()) {
            throw new IllegalArgumentException("shard tokens " + sizes.shard() + " is not " + begun + ", with which "
                    + folder + " was begun: go on with that, or name another folder.");
        }
    }

    private static List<Path> unfinished(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(UNFINISHED))
                    .toList();
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read " + folder + ": " + problem, problem);
        }
    }

    /** Whether tokens were begun in a folder and are not finished. */
    static boolean isUnfinished(Path folder) {
        return Files.isReadable(folder)
                && !TokenManifest.isIn(folder)
                && (!unfinished(folder).isEmpty() || Files.exists(folder.resolve(LearntTokenizer.FILE)));
    }

    /**
     * The tokenizer that is in a folder for tokens; null if there is none.
     *
     * @throws IllegalArgumentException that names the file, if it cannot be used
     */
    public static Tokenizer tokenizer(Path folder) {
        LearntTokenizer learnt = LearntTokenizer.in(folder);
        if (learnt != null) {
            return Tokenizer.of(learnt.json());
        }
        return Files.exists(folder.resolve(TOKENIZER)) ? Tokenizer.read(folder) : null;
    }

    /**
     * How many tokens the tokenizer in a folder was to learn; 0 if it has another, or none.
     *
     * @throws IllegalArgumentException that names the file, if it cannot be used
     */
    public static int learntSize(Path folder) {
        LearntTokenizer learnt = LearntTokenizer.in(folder);
        return learnt == null ? 0 : learnt.vocabularySize();
    }

    /** The number that {@code --vocab-size} of a run stands for; 0 if these are no prepared tokens. */
    public static int vocabularySize(List<Path> paths) {
        try {
            return paths.size() == 1 && TokenManifest.isIn(paths.get(0))
                    ? TokenManifest.read(paths.get(0)).manifest().vocabSize()
                    : 0;
        } catch (IllegalArgumentException | UncheckedIOException damaged) {
            return 0; // Who opens them hears of it.
        }
    }

    /** Where sections are until all are finished. Parts of other data, and those for other shards, have another name. */
    public Path stage() {
        return folder.resolve(made() + (sizes.shard() == TokenManifest.MOST ? "" : SHARD + sizes.shard()));
    }

    /** The name of {@link #stage} but for the size of the shards. */
    private String made() {
        String made = new Fingerprint()
                .add(TokenParts.FORMAT)
                .add(sizes.block())
                .add(sizes.section())
                .add((text + header.tokenizer()).getBytes(StandardCharsets.US_ASCII))
                .hex();
        return UNFINISHED + parts + "-" + made.substring(0, 16);
    }

    /** Whether the tokens are there, each file with its size. Where one was lost, all are made again. */
    public boolean isFinished() {
        return TokenManifest.isIn(folder) && PreparedTokens.areIn(folder);
    }

    /** Whether all parts make some of a section's blocks. */
    private boolean isShared(Section section) {
        return parts > 1 && section.bytes() > bytes / parts;
    }

    private Path stage(Section section, int part) {
        return stage().resolve(
                        "section-" + section.number() + (isShared(section) ? ".part-" + part + "-of-" + parts : ""));
    }

    /** The parts that work on a section, from 1. */
    private List<Integer> partsOf(Section section) {
        return isShared(section)
                ? Stream.iterate(1, part -> part + 1).limit(parts).toList()
                : List.of(section.number() % parts + 1);
    }

    /**
     * Makes one part. What an earlier process finished of it stays.
     *
     * @throws CancellationException if a stop was requested
     * @throws IllegalArgumentException if the data have bad content, or changed while they were read
     * @throws UncheckedIOException if a file cannot be read or written
     */
    public void make(Share share, TokenizingOptions options) {
        long[] before = {0};
        for (Section section : sections) {
            if (!partsOf(section).contains(share.part())) {
                continue;
            }
            Path place = stage(section, share.part());
            long[] done = {before[0]};
            TokenizingOptions counting = new TokenizingOptions(
                    options.threads(),
                    characters -> {
                        done[0] = before[0] + characters;
                        options.progress().accept(done[0]);
                    },
                    options.stop());
            try {
                if (!isWhole(place)) {
                    Tokenizing.run(
                            place,
                            section.corpus(),
                            tokenizer,
                            header,
                            counting,
                            sizes.block(),
                            isShared(section) ? share : Share.ALL);
                }
            } catch (IOException problem) {
                throw new UncheckedIOException("Cannot read or write the tokens in " + place + ": " + problem, problem);
            }
            before[0] = done[0];
        }
    }

    private boolean isWhole(Path place) throws IOException {
        TokenParts there = TokenParts.read(place);
        return there != null && there.header().equals(header) && there.corpus() != null;
    }

    /** What {@link #make} found that people should know, one line each. */
    public List<String> notes() {
        return sections.get(0).corpus().notes(notes);
    }

    /** The parts that are not finished, from 1. */
    public SortedSet<Integer> missing() {
        SortedSet<Integer> missing = new TreeSet<>();
        try {
            for (Section section : sections) {
                for (int part : partsOf(section)) {
                    if (!missing.contains(part) && !isWhole(stage(section, part))) {
                        missing.add(part);
                    }
                }
            }
            return missing;
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read the tokens in " + stage() + ": " + problem, problem);
        }
    }

    /**
     * The tokens of all parts, each of which is finished. Every byte of them is verified.
     *
     * @throws IllegalArgumentException with one line that says which part is to be made again, if a section is damaged;
     *     it is deleted
     */
    public MergedTokens merged() {
        List<MergedTokens.Section> found = new ArrayList<>();
        try {
            for (Section section : sections) {
                List<MergedTokens.Staged> staged = new ArrayList<>();
                for (int part : partsOf(section)) {
                    Path place = stage(section, part);
                    TokenParts there = TokenParts.read(place);
                    TokenParts verified = there == null ? null : there.verified(place, () -> false);
                    if (verified == null || verified.corpus() == null) {
                        Files.deleteIfExists(place.resolve(TokenParts.FILE));
                        throw new DamagedTokensException(
                                place + " is damaged: make part " + part + "/" + parts + " again.");
                    }
                    staged.add(new MergedTokens.Staged(place, verified));
                }
                found.add(new MergedTokens.Section(staged));
            }
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read the tokens in " + stage() + ": " + problem, problem);
        }
        int learnt = learntSize(folder);
        return new MergedTokens(found, header, text, learnt > 0 ? learnt : header.vocabulary(), sizes.shard());
    }
}
