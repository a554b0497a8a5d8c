package perdure.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Learns the merges of a byte-level byte-pair encoding (Sennrich et al. 2016; on bytes as in GPT-2) from counted words.
 *
 * <p>Each step merges the pair of neighbouring tokens that occurs most often. Among equally frequent pairs the one with
 * the smallest left id wins, then the one with the smallest right id. So the order of the texts does not matter, up to
 * the limits below, and equal texts give equal merges on every machine and Java version. A pair that occurs once is never
 * merged, and neither is one that would be longer than {@value #LONGEST_TOKEN} bytes. So a small text can give a smaller
 * vocabulary than requested.
 */
public final class ByteLevelBpeTrainer {

    /** Number of byte tokens, which is the smallest vocabulary. */
    public static final int BYTES = 256;

    /** Largest vocabulary, without the special tokens. */
    public static final int MAXIMUM_VOCABULARY = 1 << 20;

    /**
     * Longest token, in bytes. A longer one would be learnt from one line alone that repeats a character, and makes
     * files that other programs cannot read.
     */
    static final int LONGEST_TOKEN = 128;

    /** Text after so many characters is not counted. Frequent words have appeared by then, and memory stays bounded. */
    public static final long MAXIMUM_CHARACTERS = 64L << 20;

    /**
     * After so many different words no new word is counted. Frequent words have appeared by then, and memory stays
     * bounded whatever the text is.
     */
    static final int MAXIMUM_WORDS = 1 << 20;

    private static final long LEAST_COUNT = 2;

    private final Map<String, long[]> wordCounts = new HashMap<>();
    private long characters;

    /**
     * Trains on all of the given texts.
     *
     * @param vocabularySize byte tokens and merges, without the special tokens; {@value #BYTES} is pure bytes
     * @return the text of a {@code tokenizer.json}
     */
    public static String train(Iterable<String> texts, int vocabularySize) {
        ByteLevelBpeTrainer trainer = new ByteLevelBpeTrainer();
        for (String text : texts) {
            trainer.add(text);
        }
        return trainer.train(vocabularySize, () -> false);
    }

    /**
     * Counts the words of a text.
     *
     * @return whether more text would still be counted
     */
    public boolean add(String text) {
        TextPieces.split(text, this::count);
        return characters < MAXIMUM_CHARACTERS;
    }

    private void count(String piece) {
        if (characters >= MAXIMUM_CHARACTERS) {
            return;
        }
        characters += piece.length();
        PreTokenizer.split(piece, word -> {
            if (wordCounts.size() < MAXIMUM_WORDS || wordCounts.containsKey(word)) {
                wordCounts.computeIfAbsent(word, absent -> new long[1])[0]++;
            }
        });
    }

    /**
     * Learns merges from the words counted so far. May be called again with another size.
     *
     * @param stop asked between words and between merges
     * @throws IllegalArgumentException if the size is out of range
     * @throws CancellationException if {@code stop} returned true
     */
    public String train(int vocabularySize, BooleanSupplier stop) {
        if (vocabularySize < BYTES || vocabularySize > MAXIMUM_VOCABULARY) {
            throw new IllegalArgumentException("vocabulary " + vocabularySize + " is not between " + BYTES
                    + " (pure bytes) and " + MAXIMUM_VOCABULARY + ".");
        }
        return TokenizerJson.tokenizerJson(new Merging(wordCounts, vocabularySize - BYTES, stop).learn());
    }

    /** Two tokens, by id. The result of merge {@code k} has id {@code 256 + k}. */
    record Merge(int left, int right) {}

    /** One training: the words as token ids, which get shorter, and the places where each pair of neighbours occurs. */
    private static final class Merging {

        private static final Comparator<Candidate> BEST_FIRST = Comparator.comparingLong(Candidate::count)
                .reversed()
                .thenComparingInt(candidate -> candidate.pair().left)
                .thenComparingInt(candidate -> candidate.pair().right);

        private final BooleanSupplier stop;
        private final int limit;
        private final int[][] words;
        private final int[] lengths;
        private final long[] counts;
        private final Map<Long, Pair> pairs = new HashMap<>();
        private final PriorityQueue<Candidate> queue = new PriorityQueue<>(BEST_FIRST);
        private final List<Pair> fresh = new ArrayList<>();
        private final int[] tokenLengths;

        /** An entry of the queue. Its count is that of the pair or, since counts only fall, an upper bound. */
        private record Candidate(long count, Pair pair) {}

        private static final class Pair {
            private final int left;
            private final int right;
            private long count;
            private int[] words = new int[2];
            private int size;

            private Pair(int left, int right) {
                this.left = left;
                this.right = right;
            }

            private void add(int word, long times) {
                count += times;
                if (size > 0 && words[size - 1] == word) {
                    return;
                }
                if (size == words.length) {
                    words = Arrays.copyOf(words, size * 2);
                }
                words[size++] = word;
            }
        }

        private Merging(Map<String, long[]> wordCounts, int limit, BooleanSupplier stop) {
            this.stop = stop;
            this.limit = limit;
            tokenLengths = new int[BYTES + limit];
            Arrays.fill(tokenLengths, 0, BYTES, 1);
            words = new int[wordCounts.size()][];
            lengths = new int[words.length];
            counts = new long[words.length];
            int word = 0;
            for (Map.Entry<String, long[]> entry : new TreeMap<>(wordCounts).entrySet()) {
                checkStop();
                byte[] bytes = entry.getKey().getBytes(StandardCharsets.UTF_8);
                words[word] = new int[bytes.length];
                lengths[word] = bytes.length;
                counts[word] = entry.getValue()[0];
                for (int i = 0; i < bytes.length; i++) {
                    words[word][i] = ByteLevel.id(bytes[i]);
                    if (i > 0) {
                        count(words[word][i - 1], words[word][i], word);
                    }
                }
                word++;
            }
            enqueueFresh();
        }

        private void checkStop() {
            if (stop.getAsBoolean()) {
                throw new CancellationException("Stopped while the tokenizer was trained.");
            }
        }

        private List<Merge> learn() {
            List<Merge> merges = new ArrayList<>();
            while (merges.size() < limit && !queue.isEmpty()) {
                checkStop();
                Candidate best = queue.poll();
                Pair pair = best.pair();
                if (best.count() == pair.count) {
                    merge(pair, BYTES + merges.size());
                    merges.add(new Merge(pair.left, pair.right));
                } else {
                    enqueue(pair);
                }
            }
            return merges;
        }

        private void merge(Pair pair, int id) {
            tokenLengths[id] = length(pair);
            for (int i = 0; i < pair.size; i++) {
                rewrite(pair.words[i], pair.left, pair.right, id);
            }
            pairs.remove(key(pair.left, pair.right));
            enqueueFresh();
        }

        /**
         * Replaces every such pair in the word, from the left, by the new token, and updates the counts of the
         * neighbours.
         */
        private void rewrite(int word, int left, int right, int id) {
            int[] tokens = words[word];
            int length = lengths[word];
            int written = 0;
            for (int read = 0; read < length; read++) {
                if (tokens[read] != left || read + 1 == length || tokens[read + 1] != right) {
                    tokens[written++] = tokens[read];
                    continue;
                }
                if (written > 0) {
                    discount(tokens[written - 1], left, word);
                    count(tokens[written - 1], id, word);
                }
                if (read + 2 < length) {
                    discount(right, tokens[read + 2], word);
                    count(id, tokens[read + 2], word);
                }
                tokens[written++] = id;
                read++;
            }
            lengths[word] = written;
        }

        private void count(int left, int right, int word) {
            Pair pair = pairs.computeIfAbsent(key(left, right), key -> {
                Pair added = new Pair(left, right);
                fresh.add(added);
                return added;
            });
            pair.add(word, counts[word]);
        }

        private void discount(int left, int right, int word) {
            pairs.get(key(left, right)).count -= counts[word];
        }

        /**
         * A pair gains occurrences only in the step that creates its newer token, so it is queued once, after that
         * step.
         */
        private void enqueueFresh() {
            fresh.forEach(this::enqueue);
            fresh.clear();
        }

        private int length(Pair pair) {
            return tokenLengths[pair.left] + tokenLengths[pair.right];
        }

        private void enqueue(Pair pair) {
            if (pair.count >= LEAST_COUNT && length(pair) <= LONGEST_TOKEN) {
                queue.add(new Candidate(pair.count, pair));
            }
        }

        private static long key(int left, int right) {
            return (long) left << 32 | right;
        }
    }
}
