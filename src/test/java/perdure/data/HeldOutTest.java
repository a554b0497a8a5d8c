package perdure.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import perdure.data.TokenWriter.Encoded;

class HeldOutTest {

    @TempDir
    private Path folder;

    /** Files with so many documents. Each document is {@code length} times its number in all files, and a zero. */
    private TokenFile files(int length, int... documents) {
        List<List<Encoded>> sources = new ArrayList<>();
        int number = 0;
        for (int count : documents) {
            List<Encoded> source = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int id = ++number;
                int[] ids = IntStream.rangeClosed(0, length)
                        .map(place -> place < length ? id : 0)
                        .toArray();
                source.add(WrittenTokens.encoded(ids, ids.length, 0, true));
            }
            sources.add(source);
        }
        return WrittenTokens.of(folder.resolve("tokens" + length + documents.length), 100_000, sources);
    }

    private static List<Integer> numbers(TokenRange range) {
        return new ArrayList<>(new TreeSet<>(LongStream.range(0, range.size())
                .mapToObj(range::id)
                .filter(id -> id != 0)
                .toList()));
    }

    @Test
    void holdsOutWholeDocumentsOfEveryFile() {
        TokenFile file = files(9, 100, 20, 4);
        HeldOut heldOut = HeldOut.of(file, 0.1, 1);
        List<Integer> numbers = numbers(heldOut.validation());

        assertEquals(13, numbers.size());
        assertEquals(10, numbers.stream().filter(number -> number <= 100).count());
        assertEquals(
                2,
                numbers.stream().filter(number -> number > 100 && number <= 120).count());
        assertEquals(130, heldOut.validation().size(), "whole documents");
        assertEquals(
                file.size(), heldOut.training().size() + heldOut.validation().size());
        assertTrue(numbers(heldOut.training()).stream().noneMatch(numbers::contains));
    }

    @Test
    void theDrawDependsOnSeedAndDocumentsAlone() {
        TokenFile file = files(9, 100);

        assertEquals(
                numbers(HeldOut.of(file, 0.1, 1).validation()),
                numbers(HeldOut.of(file, 0.1, 1).validation()));
        assertNotEquals(
                numbers(HeldOut.of(file, 0.1, 1).validation()),
                numbers(HeldOut.of(file, 0.1, 2).validation()));
        assertTrue(numbers(HeldOut.of(file, 0.3, 1).validation())
                .containsAll(numbers(HeldOut.of(file, 0.1, 1).validation())));
    }

    @Test
    void equalDocumentsAreOnOneSide() {
        List<Encoded> source = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            int[] ids = {i % 40 + 1, 0};
            source.add(WrittenTokens.encoded(ids, 2, 0, true));
        }
        HeldOut heldOut = HeldOut.of(WrittenTokens.of(folder.resolve("equal"), 100, List.of(source)), 0.1, 5);
        List<Integer> both = new ArrayList<>(numbers(heldOut.training()));
        both.retainAll(numbers(heldOut.validation()));

        assertEquals(4, numbers(heldOut.validation()).size());
        assertEquals(List.of(), both);
    }

    @Test
    void aTextThatIsOneDocumentIsCutAtItsEnd() {
        TokenFile file = files(999, 1);
        HeldOut heldOut = HeldOut.of(file, 0.1, 1);

        assertEquals(900, heldOut.training().size());
        assertEquals(100, heldOut.validation().size());
        assertEquals(0, heldOut.validation().id(99));
    }

    /** Else one language of three would be held out, and be missing in the training text. */
    @Test
    void ofAFewFilesOfOneDocumentEachIsCut() {
        HeldOut heldOut = HeldOut.of(files(99, 1, 1, 1), 0.1, 1);

        assertEquals(List.of(1, 2, 3), numbers(heldOut.training()));
        assertEquals(List.of(1, 2, 3), numbers(heldOut.validation()));
        assertEquals(30, heldOut.validation().size());
    }

    @Test
    void ofManyFilesOfOneDocumentSomeAreHeldOutWhole() {
        HeldOut heldOut =
                HeldOut.of(files(9, IntStream.range(0, 200).map(i -> 1).toArray()), 0.1, 1);

        assertEquals(20, numbers(heldOut.validation()).size());
        assertEquals(180, numbers(heldOut.training()).size());
    }

    @Test
    void aShareThatLeavesNothingIsRefused() {
        TokenFile file = files(5, 1);

        String message = assertThrows(IllegalArgumentException.class, () -> HeldOut.of(file, 0.1, 1))
                .getMessage();
        assertTrue(message.startsWith("validation fraction 0.1 of 6 tokens"), message);
    }
}
