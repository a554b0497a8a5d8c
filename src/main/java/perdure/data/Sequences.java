package perdure.data;

/**
 * How documents become rows, and which tokens the loss counts.
 *
 * @param packing how documents become rows
 * @param loss which tokens the loss counts
 */
public record Sequences(Packing packing, Loss loss) {

    /** Windows over all text, and every token. */
    public static final Sequences PLAIN = new Sequences(Packing.NONE, Loss.ALL);

    /** What suits documents, some of which may be conversations. */
    public static Sequences usual(boolean hasConversations) {
        return new Sequences(hasConversations ? Packing.DOCUMENTS : Packing.NONE, Loss.ASSISTANT);
    }

    /** The same, with what is null taken from the other. */
    public Sequences orElse(Sequences other) {
        return new Sequences(packing == null ? other.packing : packing, loss == null ? other.loss : loss);
    }

    /** How documents become rows. */
    public enum Packing {
        /**
         * Whole documents share a row. Attention does not cross them, and positions begin anew with each. A document
         * that is longer than the context is cut.
         */
        DOCUMENTS,
        /** All text follows each other, and is cut into windows. */
        NONE
    }

    /** Which tokens the loss counts. */
    public enum Loss {
        /** Of conversations what the assistant says, each answer with its end; of plain text all. */
        ASSISTANT,
        /** All. */
        ALL
    }
}
