package perdure.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import perdure.bench.WorkFolder;
import perdure.data.TokenWriter.Encoded;

/** Token files of given ids, without a text that they come from. */
final class WrittenTokens {
    private WrittenTokens() {}

    /** A folder for one try of a property. It is deleted when the tests end. */
    static Path folder() {
        WorkFolder folder = WorkFolder.create("tokens", false);
        Runtime.getRuntime().addShutdownHook(new Thread(folder::close));
        return folder.path();
    }

    /** Tokens of which the first so many are learned. */
    static Encoded encoded(int[] ids, int learned, int messages, boolean endsDocument) {
        BitSet counted = new BitSet();
        counted.set(0, learned);
        return new Encoded(ids, counted, messages, endsDocument, false);
    }

    /** One document. */
    static TokenFile of(Path folder, int vocabulary, int... ids) {
        return of(folder, vocabulary, List.of(List.of(encoded(ids, ids.length, 0, true))));
    }

    /** Files of passages; all but those with a wish for learned tokens are learned. */
    static TokenFile of(Path folder, int vocabulary, List<List<Encoded>> sources) {
        TokenParts none = new TokenParts(TokenParts.Header.of("00".repeat(32), vocabulary), List.of(), null);
        try (TokenWriter writer = new TokenWriter(folder, none, true)) {
            for (List<Encoded> source : sources) {
                writer.beginSource();
                for (Encoded passage : source) {
                    writer.write(passage);
                }
                writer.endPart("00", 1);
            }
            writer.finish("00".repeat(32));
            return TokenFile.map(folder, NumberFile.MAP_SHIFT);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
