package perdure.tokenizer;

/** A chat template is missing, cannot be used, or refuses a conversation. The message is one line. */
public final class ChatTemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ChatTemplateException(String message) {
        super(message);
    }

    ChatTemplateException(String message, Throwable cause) {
        super(message, cause);
    }
}
