package perdure.data;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.LongUnaryOperator;

/**
 * A share of a text that is held out for validation.
 *
 * <p>Of each file with several documents, that share of its documents is held out whole, at least one. A draw decides
 * which: those whose hash, mixed with the seed, is smallest. So equal documents are on one side, but for the last one
 * drawn. Files of one document are drawn together in the same way if that makes {@value #LEAST_DRAWN} or more of them.
 * If they are fewer, each is cut, and its end is held out: else a whole book or language would be missing.
 *
 * @param training all other tokens
 * @param validation the tokens that are held out
 */
record HeldOut(TokenRange training, TokenRange validation) {

    static final int LEAST_DRAWN = 10;

    /** A key and some bits are kept of each. */
    private static final int MOST_DOCUMENTS = Integer.MAX_VALUE - 8;

    /** @throws IllegalArgumentException if there are fewer than 2 tokens on one side */
    static HeldOut of(TokenFile file, double fraction, long seed) {
        if (file.documents() > MOST_DOCUMENTS) {
            throw new IllegalArgumentException("validation fraction " + fraction + " is of " + file.documents()
                    + " documents, and at most " + MOST_DOCUMENTS + " can be drawn from: give a validation text.");
        }
        int documents = (int) file.documents();
        BitSet drawn = new BitSet(documents);
        BitSet alone = new BitSet(documents);
        for (long source = 0; source < file.sources(); source++) {
            long first = file.firstDocument(source);
            long count = file.firstDocument(source + 1) - first;
            if (count == 1) {
                alone.set((int) first);
            } else if (count > 1) {
                long share = Math.max(1, Math.min(count - 1, Math.round(count * fraction)));
                draw(file, seed, count, share, index -> first + index, drawn);
            }
        }
        long[] single = alone.stream().asLongStream().toArray();
        long share = Math.round(single.length * fraction);
        if (share >= LEAST_DRAWN && share < single.length) {
            draw(file, seed, single.length, share, index -> single[(int) index], drawn);
            alone.clear();
        }
        TokenRange.Builder training = new TokenRange.Builder(file);
        TokenRange.Builder validation = new TokenRange.Builder(file);
        for (int document = 0; document < documents; document++) {
            long start = file.start(document);
            long end = file.end(document);
            long border =
                    drawn.get(document) ? start : alone.get(document) ? end - (long) ((end - start) * fraction) : end;
            training.add(start, border);
            validation.add(border, end);
        }
        if (training.size() < 2 || validation.size() < 2) {
            throw new IllegalArgumentException("validation fraction " + fraction + " of " + file.size()
                    + " tokens leaves fewer than 2 tokens on one side.");
        }
        return new HeldOut(training.build(), validation.build());
    }

    /** Marks the {@code share} documents of {@code count} that have the smallest keys; of equal keys the first. */
    private static void draw(
            TokenFile file, long seed, long count, long share, LongUnaryOperator document, BitSet drawn) {
        long salt = Permutation.mix(seed);
        long[] keys = new long[Math.toIntExact(count)];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = Permutation.mix(file.hash(document.applyAsLong(i)) ^ salt);
        }
        long[] sorted = keys.clone();
        Arrays.sort(sorted);
        long last = sorted[(int) share - 1];
        long equal = share;
        for (int i = 0; i < share; i++) {
            equal -= sorted[i] < last ? 1 : 0;
        }
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] < last || keys[i] == last && equal-- > 0) {
                drawn.set((int) document.applyAsLong(i));
            }
        }
    }
}
