package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ByteLevelBpeTrainerTest {

    /** The example of Wikipedia's article on byte-pair encoding: aa, then ab, then both. */
    @Test
    void mergesTheMostFrequentPairFirst() {
        assertEquals(List.of("a a", "a b", "aa ab"), merges(List.of("aaabdaaabac"), 259));
    }

    @Test
    void aPairThatOccursOnceIsNotMerged() {
        assertEquals(List.of(), merges(List.of("abc"), 300));
    }

    @Test
    void equalCountsGoToTheLeastIds() {
        assertEquals("a b", merges(List.of("xy xy ab ab"), 257).get(0));
    }

    @Test
    void wordsAreMergedWithinNeverAcross() {
        assertTrue(merges(List.of("to be to be to be"), 300).stream().noneMatch(merge -> merge.matches(".*[^ ]Ġ.*")));
    }

    @Test
    void noTokenIsLongerThanTheLimit() {
        List<String> merges = merges(List.of("a".repeat(300_000), "=".repeat(300_000)), 4096);

        assertEquals(
                ByteLevelBpeTrainer.LONGEST_TOKEN,
                merges.stream().mapToInt(merge -> merge.length() - 1).max().orElseThrow());
        try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of("a".repeat(300_000)), 4096))) {
            assertEquals("a".repeat(300_000), tokenizer.decode(tokenizer.encode("a".repeat(300_000))));
        }
    }

    /** The definition, spelled out: count every pair anew at each step. */
    @Property(tries = 300)
    void agreesWithCountingAnewAtEveryStep(
            @ForAll @Size(max = 30) List<@StringLength(max = 12) @CharRange(from = 'a', to = 'c') String> words) {
        List<List<String>> split = words.stream()
                .filter(word -> !word.isEmpty())
                .map(word -> new ArrayList<>(List.of(("Ġ" + word).split(""))))
                .collect(Collectors.toList());
        List<String> order = new ArrayList<>(IntStream.range(0, 256)
                .mapToObj(value -> ByteLevel.spell(new byte[] {(byte) value}))
                .sorted()
                .toList());
        List<String> expected = new ArrayList<>();
        while (expected.size() < 20) {
            Map<List<String>, Integer> counts = new HashMap<>();
            split.forEach(word -> IntStream.range(1, word.size())
                    .forEach(i -> counts.merge(List.of(word.get(i - 1), word.get(i)), 1, Integer::sum)));
            List<String> best = counts.keySet().stream()
                    .filter(pair -> counts.get(pair) > 1)
                    .min(Comparator.<List<String>>comparingInt(pair -> -counts.get(pair))
                            .thenComparingInt(pair -> order.indexOf(pair.get(0)))
                            .thenComparingInt(pair -> order.indexOf(pair.get(1))))
                    .orElse(null);
            if (best == null) {
                break;
            }
            expected.add(best.get(0) + " " + best.get(1));
            order.add(best.get(0) + best.get(1));
            for (List<String> word : split) {
                for (int i = 1; i < word.size(); i++) {
                    if (word.get(i - 1).equals(best.get(0)) && word.get(i).equals(best.get(1))) {
                        word.set(i - 1, word.get(i - 1) + word.remove(i));
                    }
                }
            }
        }

        assertEquals(expected, merges(words.stream().map(word -> " " + word).toList(), 276));
    }

    @Property(tries = 50)
    void theOrderOfTheTextsDoesNotMatter(@ForAll @Size(max = 20) List<@StringLength(max = 30) String> texts) {
        List<String> reversed = new ArrayList<>(texts);
        Collections.reverse(reversed);

        assertEquals(ByteLevelBpeTrainer.train(texts, 300), ByteLevelBpeTrainer.train(reversed, 300));
    }

    @Test
    void beyondSoManyWordsNoNewOneIsCounted() {
        ByteLevelBpeTrainer full = new ByteLevelBpeTrainer();
        StringBuilder text = new StringBuilder();
        for (int word = 0; word < ByteLevelBpeTrainer.MAXIMUM_WORDS; word++) {
            text.append(' ').append(word);
        }
        full.add(text.toString());
        String before = full.train(260, () -> false);
        full.add("éé ".repeat(200_000));
        assertEquals(before, full.train(260, () -> false));
        full.add(" 17".repeat(2_000_000));
        assertNotEquals(before, full.train(260, () -> false), "words that were there go on being counted");
    }

    @Test
    void aSizeOutOfRangeIsRefused() {
        for (int size : new int[] {-1, 0, 255, (1 << 20) + 1}) {
            String message = assertThrows(
                            IllegalArgumentException.class, () -> ByteLevelBpeTrainer.train(List.of("a"), size))
                    .getMessage();
            assertTrue(message.contains("vocabulary " + size), message);
        }
    }

    @Test
    void canBeStoppedBetweenMerges() {
        ByteLevelBpeTrainer trainer = new ByteLevelBpeTrainer();
        trainer.add("abab cdcd abab cdcd");
        int[] asked = {0};
        trainer.train(300, () -> ++asked[0] < 0);
        int all = asked[0];
        assertThrows(CancellationException.class, () -> trainer.train(300, () -> --asked[0] == 0));
        assertTrue(all > 3, () -> "asked " + all + " times");
    }

    private static List<String> merges(List<String> texts, int vocabularySize) {
        List<String> merges = new ArrayList<>();
        for (JsonNode merge : JsonMapper.shared()
                .readTree(ByteLevelBpeTrainer.train(texts, vocabularySize))
                .at("/model/merges")) {
            merges.add(merge.asString());
        }
        return merges;
    }
}
