package perdure.chat;

/** The model cannot answer a conversation: it has no chat template, or its chat template refuses this one. */
public final class ConversationRefusedException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ConversationRefusedException(IllegalArgumentException refusal) {
        super(refusal.getMessage(), refusal);
    }
}
