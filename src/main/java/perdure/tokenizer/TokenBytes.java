package perdure.tokenizer;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The bytes of the tokens of one text, one after the other. Where a tokenizer puts a space before every text, as
 * SentencePiece does, that space is left out.
 */
public final class TokenBytes {

    private static final byte[] NOTHING = {};

    private final byte[][] tokens;
    private final BitSet silent;
    private int spaces; // that may still be left out

    /**
     * @param silent ids without a text
     * @param leadingSpaces as {@link Vocabulary#leadingSpaces} tells them
     */
    TokenBytes(byte[][] tokens, BitSet silent, int leadingSpaces) {
        this.tokens = tokens;
        this.silent = silent;
        this.spaces = leadingSpaces;
    }

    /** The bytes of the next token, which need not be whole UTF-8 characters. */
    public byte[] next(int id) {
        byte[] bytes = silent.get(id) || id >= tokens.length || tokens[id] == null ? NOTHING : tokens[id];
        boolean all = spaces == Integer.MAX_VALUE;
        int from = 0;
        while (from < bytes.length && from < spaces && bytes[from] == ' ') {
            from++;
        }
        spaces = all && (bytes.length > 0) || from < bytes.length ? 0 : spaces - (all ? 0 : from);
        return from == 0 ? bytes.clone() : Arrays.copyOfRange(bytes, from, bytes.length);
    }
}
