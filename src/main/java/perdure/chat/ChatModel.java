package perdure.chat;

import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import perdure.chat.ChatRequest.Truncation;
import perdure.chat.Completion.Dropped;
import perdure.chat.Completion.Piece;
import perdure.chat.Completion.TokenScore;
import perdure.chat.constraint.JsonConstraint;
import perdure.chat.constraint.JsonFormat;
import perdure.chat.constraint.TokenTrie;
import perdure.generate.GeneratedToken;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;

/**
 * Text in, text out: a token generator, its tokenizer and the chat format, on the calling thread. It does not know
 * where the weights come from or who else is waiting.
 */
public final class ChatModel {
    private final TokenGenerator generator;
    private final Tokenizer tokenizer;
    private final ConversationPrompt conversations;
    private final int[] stopIds;
    /** Null until an answer has a format. */
    private TokenTrie tokens;

    /**
     * Uses both, and closes neither.
     *
     * @throws IllegalArgumentException if the model has no row for a token
     */
    public ChatModel(TokenGenerator generator, Tokenizer tokenizer) {
        this.generator = generator;
        this.tokenizer = tokenizer;
        this.conversations = new ConversationPrompt(tokenizer);
        this.stopIds = tokenizer.endsOfAnswers();
        generator.limitTo(tokenizer.ids());
    }

    /**
     * Answers, and passes on the text as it is generated, one choice after the other, and one text after the other.
     *
     * @param receiver is given each piece and returns whether to go on. Pieces are broken at characters only; a token
     *     that completes no character gives an empty one. Together they are the answer, without the stop string that
     *     ended it
     * @throws ContextExceededException if it does not fit into the context and must not be cut
     * @throws ConversationRefusedException if the model has no chat template, or it refuses the conversation
     */
    public Completion answer(ChatRequest request, Predicate<Piece> receiver) {
        try (Answering answer = new Answering(this, request, receiver)) {
            while (!answer.ended()) {
                generator.read(List.of(answer.sequence()));
                answer.choose();
            }
            return answer.completion();
        }
    }

    TokenGenerator generator() {
        return generator;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    int[] stopIds() {
        return stopIds;
    }

    /** Null without a format. */
    JsonConstraint constraint(JsonFormat format) {
        if (format != null && tokens == null) {
            int[] lengths = tokenizer.textLengths();
            tokens = new TokenTrie(lengths.length, id -> lengths[id] == 0 ? new byte[0] : tokenizer.bytes(id));
        }
        return format == null ? null : new JsonConstraint(format, tokens, stopIds);
    }

    TokenScore score(GeneratedToken token) {
        return new TokenScore(
                tokenizer.bytes(token.id()),
                token.logprob(),
                token.likeliest().stream().map(this::score).toList());
    }

    /** What the model reads: the conversation, or one text after the other. */
    List<Prompt> prompts(ChatRequest request) {
        return request.texts().isEmpty()
                ? List.of(prompt(request, null))
                : request.texts().stream().map(text -> prompt(request, text)).toList();
    }

    /** @param text null if there is a conversation */
    private Prompt prompt(ChatRequest request, String text) {
        boolean conversation = text == null;
        Truncation truncation = request.truncation();
        int context = generator.context();
        // Leaves room for the answer, at most a quarter of the context.
        int limit = truncation == Truncation.DISABLED
                ? Integer.MAX_VALUE
                : context - Math.min(context / 4, request.sampling().maximumTokens());
        Prompt prompt = conversation
                ? conversations.prompt(request.messages(), limit)
                : new Prompt(text(text), Dropped.NOTHING);
        if (truncation == Truncation.SLIDING || truncation == Truncation.AUTO && !conversation) {
            return prompt.end(limit);
        }
        if (prompt.ids().length >= context) {
            throw new ContextExceededException(prompt.ids().length, context);
        }
        return prompt;
    }

    private int[] text(String text) {
        int[] ids = IntStream.concat(IntStream.of(tokenizer.startOfText()), IntStream.of(tokenizer.encode(text)))
                .toArray();
        return ids.length > 0 ? ids : new int[] {tokenizer.endOfText()}; // the token before every document
    }
}
