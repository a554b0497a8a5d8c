package perdure.chat;

/** The queue is full: ask again later. */
public final class ChatBusyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ChatBusyException(int waiting) {
        super(waiting + " requests are waiting; try again later.");
    }
}
