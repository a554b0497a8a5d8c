package perdure.chat;

import java.util.function.Predicate;
import perdure.generate.Generation;
import perdure.generate.Generation.FinishReason;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;
import perdure.tokenizer.Utf8Decoder;

/**
 * Text in, text out: a token generator, its tokenizer and the chat format, on the calling thread. It does not know
 * where the weights come from or who else is waiting.
 */
public final class ChatModel {
    private final TokenGenerator generator;
    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final int[] stopIds;

    /** Uses both, and closes neither. */
    public ChatModel(TokenGenerator generator, Tokenizer tokenizer) {
        this.generator = generator;
        this.tokenizer = tokenizer;
        this.template = new ChatTemplate(tokenizer);
        // If the model opens another message, it begins to speak for someone else: that ends the answer too.
        this.stopIds = new int[] {tokenizer.imEnd(), tokenizer.endOfText(), tokenizer.imStart()};
    }

    /**
     * Answers, and passes on the text as it is generated.
     *
     * @param receiver is given each piece and returns whether to go on. Pieces are broken at characters only; a token
     *     that completes no character gives an empty one. Together they are the answer, without the stop string that
     *     ended it
     * @return how many tokens it took, including those of a stop string, and what ended it
     */
    public Generation answer(ChatRequest request, Predicate<String> receiver) {
        Utf8Decoder characters = Utf8Decoder.replacing();
        StopStrings stops = new StopStrings(request.stops());
        Generation generation = generator.generate(prompt(request), stopIds, request.sampling(), id -> {
            String piece = stops.add(characters.decode(tokenizer.bytes(id)));
            return receiver.test(piece) && !stops.found();
        });
        FinishReason finishReason = stops.found() ? FinishReason.STOP : generation.finishReason();
        // A character cut in two by the token limit is left out; one that the model itself left incomplete is shown.
        String rest = (finishReason == FinishReason.STOP ? stops.add(characters.end()) : "") + stops.end();
        if (finishReason != FinishReason.CANCELLED && !rest.isEmpty()) {
            receiver.test(rest);
        }
        return new Generation(generation.promptTokens(), generation.completionTokens(), finishReason);
    }

    private int[] prompt(ChatRequest request) {
        if (request.text() == null) {
            // Leaves room for the answer, at most a quarter of the context: during a longer answer the context slides.
            int context = generator.context();
            int room = Math.min(context / 4, request.sampling().maximumTokens());
            return template.prompt(request.messages(), context - room);
        }
        int[] ids = tokenizer.encode(request.text());
        return ids.length > 0 ? ids : new int[] {tokenizer.endOfText()}; // the token before every document
    }
}
