package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import perdure.data.TokenWriter.Encoded;
import perdure.tokenizer.Tokenizer;

/**
 * Tokenizes a corpus on all cores. The caller's thread reads, several threads encode, and the results are written in
 * the order of the text, so that the tokens do not depend on the number of threads.
 *
 * <p>The text is cut into parts where its content says so. A part that is in the folder already, with the same text, is
 * not tokenized again. Memory is bounded by a few passages for each thread, and by one part while finished parts are
 * compared.
 */
final class Tokenizing implements AutoCloseable {

    /** A part ends with the passage that reaches so many characters. */
    static final long PART = 8 << 20;

    /** Characters that a thread encodes at a time. */
    private static final long UNIT = 1 << 18;

    private final Path folder;
    private final Tokenizer tokenizer;
    private final TokenizingOptions options;
    private final long partSize;
    private final Share share;
    private final ExecutorService threads;
    private final Queue<Tokenizer> idle = new ConcurrentLinkedQueue<>();
    private final Queue<Tokenizer> copies = new ConcurrentLinkedQueue<>();
    private final Deque<Unit> units = new ArrayDeque<>();
    private List<Piece> pieces = new ArrayList<>();
    private long unitCharacters;
    private long partCharacters;
    private Fingerprint text = new Fingerprint();
    private boolean beginsSource;
    private boolean continues; // whether the last passage did not end its document
    private TokenParts recorded;
    private long read; // index of the part that is read, among all
    private int part; // the same, among those of the share
    private TokenWriter writer;
    private long done;

    /** @param continues whether it goes on with a document */
    private record Piece(Passage passage, boolean beginsSource, boolean continues) {}

    /** What became of a passage. */
    private record Result(boolean beginsSource, List<Encoded> encoded) {}

    /** @param endsPart SHA-256 of the part's text if the part ends here, else null */
    private record Unit(List<Piece> pieces, Future<List<Result>> encoded, String endsPart, long partCharacters) {}

    private Tokenizing(
            Path folder,
            TokenParts recorded,
            Tokenizer tokenizer,
            TokenizingOptions options,
            long partSize,
            Share share)
            throws IOException {
        this.folder = folder;
        this.recorded = recorded;
        this.tokenizer = tokenizer;
        this.options = options;
        this.partSize = partSize;
        this.share = share;
        writer = writer();
        idle.add(tokenizer);
        threads = Executors.newFixedThreadPool(options.threads(), task -> {
            Thread thread = new Thread(task, "tokenizer");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Writes the tokens of a corpus into a folder, after the finished parts that it has. The parts of the text do not
     * depend on the share.
     *
     * @param share which parts are tokenized; the others are read only
     * @param header of the tokens; finished parts with another one are not used
     * @throws CancellationException if a stop was requested; the finished parts stay
     * @throws IllegalArgumentException if the corpus has bad content, or changed while it was read
     */
    static void run(
            Path folder,
            Corpus corpus,
            Tokenizer tokenizer,
            TokenParts.Header header,
            TokenizingOptions options,
            long partSize,
            Share share)
            throws IOException {
        TokenParts found = TokenParts.read(folder);
        TokenParts recorded = found != null && found.header().equals(header)
                ? found.verified(folder, options.stop())
                : new TokenParts(header, List.of(), null);
        try (Tokenizing tokenizing = new Tokenizing(
                folder, new TokenParts(header, recorded.parts(), null), tokenizer, options, partSize, share)) {
            corpus.read(tokenizing::read, () -> tokenizing.beginsSource = true);
            tokenizing.finish(corpus.fingerprint(options.stop()));
        }
    }

    private TokenWriter writer() throws IOException {
        return new TokenWriter(folder, recorded, share.of() == 1);
    }

    private boolean read(Passage passage) {
        Corpus.goOn(options.stop());
        long characters = passage.text().length();
        if (share.has(read)) {
            addToText(passage);
            pieces.add(new Piece(passage, beginsSource, continues));
            unitCharacters += characters;
        }
        beginsSource = false;
        continues = !passage.endsDocument();
        partCharacters += characters;
        if (passage.role() != null && continues) {
            return true; // A conversation is encoded as a whole.
        }
        if (partCharacters >= partSize) {
            endPart();
        } else if (unitCharacters >= UNIT && part >= recorded.parts().size()) {
            encode(null);
        }
        return true;
    }

    /** With lengths, so that nothing can move from one passage to the next unnoticed. */
    private void addToText(Passage passage) {
        byte[] role = String.valueOf(passage.role()).getBytes(StandardCharsets.UTF_8);
        byte[] content = passage.text().getBytes(StandardCharsets.UTF_16LE);
        int flags = (beginsSource ? 1 : 0) | (passage.learned() ? 2 : 0) | (passage.endsDocument() ? 4 : 0);
        text.add(flags).add(role.length).add(role).add(content.length).add(content);
        if (!passage.fields().isEmpty()) {
            byte[] fields = JsonValues.json(passage.fields()).getBytes(StandardCharsets.UTF_8);
            text.add(fields.length).add(fields);
        }
    }

    private void endPart() {
        if (!share.has(read++)) {
            partCharacters = 0;
            return;
        }
        String hash = text.hex();
        text = new Fingerprint();
        if (part < recorded.parts().size()) {
            if (recorded.parts().get(part).text().equals(hash)) {
                pieces.clear();
                unitCharacters = 0;
                report(partCharacters);
            } else {
                cutOff(part);
            }
        }
        if (part >= recorded.parts().size()) {
            encode(hash);
        }
        partCharacters = 0;
        part++;
    }

    /** Forgets the recorded parts after the first so many: the text is another one from there on. */
    private void cutOff(int kept) {
        try {
            writer.close();
            recorded = new TokenParts(recorded.header(), recorded.parts().subList(0, kept), null);
            writer = writer();
        } catch (IOException problem) {
            throw cannotWrite(problem);
        }
    }

    /** Gives the pieces to a thread. If many are waiting, writes the oldest first, so that memory stays bounded. */
    private void encode(String endsPart) {
        List<Piece> now = pieces;
        units.add(new Unit(now, threads.submit(() -> encoded(now)), endsPart, partCharacters));
        pieces = new ArrayList<>();
        unitCharacters = 0;
        while (units.size() > 3 * options.threads()) {
            writeOldest();
        }
    }

    private List<Result> encoded(List<Piece> pieces) {
        Tokenizer mine = idle.poll();
        if (mine == null) {
            mine = tokenizer.copy();
            copies.add(mine);
        }
        try {
            PassageEncoder encoder = new PassageEncoder(mine);
            List<Result> results = new ArrayList<>();
            for (Piece piece : pieces) {
                if (threads.isShutdown()) {
                    break;
                }
                results.add(new Result(piece.beginsSource(), encoder.add(piece.passage(), piece.continues())));
            }
            return results;
        } catch (RowException refused) {
            throw new IllegalArgumentException("A conversation of the data " + refused.getMessage(), refused);
        } finally {
            idle.add(mine);
        }
    }

    private void writeOldest() {
        Unit unit = units.remove();
        try {
            for (Result result : unit.encoded().get()) {
                if (result.beginsSource()) {
                    writer.beginSource();
                }
                for (Encoded encoded : result.encoded()) {
                    writer.write(encoded);
                }
            }
            if (unit.endsPart() != null) {
                writer.endPart(unit.endsPart(), unit.partCharacters());
            }
            report(unit.pieces().stream()
                    .mapToLong(piece -> piece.passage().text().length())
                    .sum());
        } catch (IOException problem) {
            throw cannotWrite(problem);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CancellationException("Interrupted while tokenizing the text.");
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException("The text could not be tokenized: " + failed.getCause(), failed);
        }
    }

    private void report(long characters) {
        done += characters;
        options.progress().accept(done);
    }

    private void finish(String corpus) throws IOException {
        if (!pieces.isEmpty() || partCharacters > 0) { // Threads may have all of it already.
            endPart();
        }
        if (part < recorded.parts().size()) {
            cutOff(part);
        }
        while (!units.isEmpty()) {
            Corpus.goOn(options.stop());
            writeOldest();
        }
        writer.finish(corpus);
    }

    private UncheckedIOException cannotWrite(IOException problem) {
        return new UncheckedIOException("Cannot write the tokens to " + folder + ": " + problem.getMessage(), problem);
    }

    /** Waits for the threads, since no tokenizer may be closed while one uses it. */
    @Override
    public void close() {
        threads.shutdown();
        units.forEach(unit -> unit.encoded().cancel(false));
        try {
            threads.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        if (threads.isTerminated()) {
            copies.forEach(Tokenizer::close);
        }
        writer.close();
    }
}
