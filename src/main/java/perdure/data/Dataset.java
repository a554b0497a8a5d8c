package perdure.data;

/**
 * A text as tokens, ready to be trained on.
 *
 * @param validationBytes UTF-8 bytes of the held-out text that is predicted, the base of bits per byte
 */
public record Dataset(TokenRange training, TokenRange validation, long validationBytes) {}
