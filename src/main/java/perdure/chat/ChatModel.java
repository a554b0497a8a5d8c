package perdure.chat;

import java.util.function.Predicate;
import perdure.generate.Generation;
import perdure.generate.Generation.FinishReason;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;
import perdure.tokenizer.Utf8Decoder;

/**
 * Text in, text out: a generator of ids, its tokenizer and the chat format, on the thread that calls. It does not know
 * where the weights come from or who else is waiting.
 */
public final class ChatModel {
    private final TokenGenerator generator;
    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final int[] stopIds;

    /** Borrows both. */
    public ChatModel(TokenGenerator generator, Tokenizer tokenizer) {
        this.generator = generator;
        this.tokenizer = tokenizer;
        this.template = new ChatTemplate(tokenizer);
        // A message's opening inside an answer is a turn that the model takes for someone else: it ends the answer too.
        this.stopIds = new int[] {tokenizer.imEnd(), tokenizer.endOfText(), tokenizer.imStart()};
    }

    /**
     * Answers, handing out the text as it comes.
     *
     * @param receiver is given each piece, broken at characters only (and an empty one for a token that completes
     *     none), and says whether to go on; together they are the answer, without the stop string that ended it
     * @return how many tokens it took, those of a stop string included, and what ended it
     */
    public Generation answer(ChatRequest request, Predicate<String> receiver) {
        Utf8Decoder characters = Utf8Decoder.replacing();
        StopStrings stops = new StopStrings(request.stops());
        Generation generation = generator.generate(prompt(request), stopIds, request.sampling(), id -> {
            String piece = stops.add(characters.decode(tokenizer.bytes(id)));
            return receiver.test(piece) && !stops.found();
        });
        FinishReason finishReason = stops.found() ? FinishReason.STOP : generation.finishReason();
        // A character that the number of tokens cut in two is left out; one that the model itself left broken is shown.
        String rest = (finishReason == FinishReason.STOP ? stops.add(characters.end()) : "") + stops.end();
        if (finishReason != FinishReason.CANCELLED && !rest.isEmpty()) {
            receiver.test(rest);
        }
        return new Generation(generation.promptTokens(), generation.completionTokens(), finishReason);
    }

    private int[] prompt(ChatRequest request) {
        if (request.text() == null) {
            // Room is left for the answer, but a quarter of the context at most: a longer one slides the context along.
            int context = generator.context();
            int room = Math.min(context / 4, request.sampling().maximumTokens());
            return template.prompt(request.messages(), context - room);
        }
        int[] ids = tokenizer.encode(request.text());
        return ids.length > 0 ? ids : new int[] {tokenizer.endOfText()}; // what stands before a document
    }
}
