package perdure.chat.constraint;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary by their bytes, so that a step through all of them looks at each common beginning once. The
 * nodes are in preorder. Immutable.
 */
public final class TokenTrie {
    /** Token ids in the order of their bytes, and so of the nodes where they end. */
    private final int[] ids;
    /** By node: its byte, its distance from the root, the first node that is not below it. */
    private final byte[] labels;

    private final short[] depths;
    private final int[] ends;
    /** By node: the first of the ids that ends there; those of the next node begin behind its last. */
    private final int[] firstId;

    /** Nodes behind which, in some token, something else follows than whole characters that are plain in a string. */
    private final BitSet beforeOthers = new BitSet();

    private final byte[][] bytes;
    /** Bytes of the longest token. */
    private final int deepest;

    /**
     * @param vocabularySize number of ids
     * @param bytesOf the bytes of a token of text, or nothing for a token that is no text
     * @throws IllegalArgumentException if a byte that valid JSON may need is no token of its own
     */
    public TokenTrie(int vocabularySize, IntFunction<byte[]> bytesOf) {
        bytes = IntStream.range(0, vocabularySize).mapToObj(bytesOf).toArray(byte[][]::new);
        ids = IntStream.range(0, vocabularySize)
                .filter(id -> bytes[id].length > 0 && bytes[id].length < Short.MAX_VALUE)
                .boxed()
                .sorted(Comparator.comparing(id -> bytes[id], Arrays::compareUnsigned))
                .mapToInt(Integer::intValue)
                .toArray();
        deepest = IntStream.of(ids).map(id -> bytes[id].length).max().orElse(0);
        int nodes = 0;
        byte[] before = {};
        for (int id : ids) {
            nodes += bytes[id].length - common(before, bytes[id]);
            before = bytes[id];
        }
        labels = new byte[nodes];
        depths = new short[nodes];
        ends = new int[nodes];
        firstId = new int[nodes + 1];
        build();
        requireEveryByte();
    }

    private void build() {
        int node = 0;
        byte[] before = {};
        int[] path = new int[deepest + 1]; // by depth: the node on the way to the token
        for (int i = 0; i < ids.length; i++) {
            byte[] token = bytes[ids[i]];
            for (int depth = common(before, token); depth < token.length; depth++) {
                labels[node] = token[depth];
                depths[node] = (short) (depth + 1);
                path[depth + 1] = node;
                firstId[node++] = i; // of a mere beginning no id: the next node begins with the same one
            }
            for (int depth = 1; depth < token.length; depth++) {
                if (!isPlain(token, depth)) {
                    beforeOthers.set(path[depth]);
                }
            }
            before = token;
        }
        firstId[node] = ids.length;
        int[] open = new int[deepest + 1]; // by depth: the last node there
        int depth = 0;
        Arrays.fill(ends, node);
        for (int i = 0; i < node; i++) {
            for (; depth >= depths[i]; depth--) {
                ends[open[depth]] = i;
            }
            depth = depths[i];
            open[depth] = i;
        }
    }

    private static boolean isPlain(byte[] token, int from) {
        Utf8 utf8 = Utf8.BOUNDARY;
        for (int i = from; i < token.length && utf8 != null; i++) {
            int next = token[i] & 0xff;
            utf8 = StringSchema.isPlain(next) ? utf8.next(next) : null;
        }
        return utf8 == Utf8.BOUNDARY;
    }

    private static int common(byte[] one, byte[] other) {
        int mismatch = Arrays.mismatch(one, other);
        return mismatch < 0 ? one.length : mismatch;
    }

    private void requireEveryByte() {
        BitSet single = new BitSet();
        for (int id : ids) {
            if (bytes[id].length == 1) {
                single.set(bytes[id][0] & 0xff);
            }
        }
        IntStream.concat(IntStream.rangeClosed(' ', '~'), IntStream.rangeClosed(0x80, 0xbf))
                .filter(value -> !single.get(value))
                .findFirst()
                .ifPresent(value -> {
                    throw new IllegalArgumentException(
                            String.format("The vocabulary has no token for the byte 0x%02x alone.", value));
                });
    }

    /**
     * Adds the tokens that may follow and that leave no more than {@code mostLeast} bytes to be written at least.
     *
     * @return the most bytes that an added token leaves; -1 if none was added
     */
    long allow(State state, long mostLeast, BitSet allowed) {
        State[] path = new State[deepest + 1];
        path[0] = state;
        long most = -1;
        for (int node = 0; node < labels.length; ) {
            State after = path[depths[node] - 1].next(labels[node] & 0xff);
            if (after == null) {
                node = ends[node];
                continue;
            }
            path[depths[node]] = after;
            // In the middle of a string most tokens keep the state as it is, and need no walk.
            int walked = after.isFreeText() && !beforeOthers.get(node) ? ends[node] : node + 1;
            if (after.least() <= mostLeast && firstId[node] < firstId[walked]) {
                for (int i = firstId[node]; i < firstId[walked]; i++) {
                    allowed.set(ids[i]);
                }
                most = Math.max(most, after.least());
            }
            node = walked;
        }
        return most;
    }

    /** The bytes of a token; they must not be changed. */
    byte[] bytes(int id) {
        return bytes[id];
    }
}
