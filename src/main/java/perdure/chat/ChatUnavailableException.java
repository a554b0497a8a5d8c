package perdure.chat;

/** Nothing can answer yet: the run has saved no checkpoint that loads. */
public final class ChatUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ChatUnavailableException(String message) {
        super(message);
    }
}
