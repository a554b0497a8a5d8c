package perdure.data;

import perdure.tokenizer.Tokenizer;

/** The tokens {@code [from, to)} of a file. Each one but the first is predicted from those before it. */
public record TokenRange(TokenFile file, long from, long to) {

    public TokenRange {
        if (from < 0 || from >= to || to > file.size()) {
            throw new IllegalArgumentException(
                    "[" + from + ", " + to + ") is not a range of a file of " + file.size() + " tokens.");
        }
    }

    /** Number of tokens. */
    public long size() {
        return to - from;
    }

    /** Number of predictions: one fewer than tokens. */
    public long predictions() {
        return size() - 1;
    }

    /** UTF-8 bytes of text in the predicted tokens, for bits per byte. Special tokens count as 0 bytes. */
    public long predictedBytes(Tokenizer tokenizer) {
        int[] lengths = new int[tokenizer.vocabularySize()];
        for (int id = 0; id < tokenizer.endOfText(); id++) {
            lengths[id] = tokenizer.bytes(id).length;
        }
        long bytes = 0;
        for (long index = from + 1; index < to; index++) {
            bytes += lengths[file.id(index)];
        }
        return bytes;
    }
}
