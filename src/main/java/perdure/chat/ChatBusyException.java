package perdure.chat;

/** As many requests are waiting as may wait: ask again later. */
public final class ChatBusyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ChatBusyException(int waiting) {
        super(waiting + " requests are waiting; try again later.");
    }
}
