package perdure.chat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import perdure.chat.ChatRequest.Truncation;
import perdure.chat.Completion.Choice;
import perdure.chat.Completion.Dropped;
import perdure.chat.Completion.Piece;
import perdure.chat.constraint.JsonConstraint;
import perdure.generate.Generation.FinishReason;
import perdure.generate.Sequence;
import perdure.tokenizer.TokenBytes;

/**
 * An answer that grows by turns, so that several can grow together: one choice after the other, and one text after the
 * other. Until it has {@link #ended}, the generator reads its {@link #sequence}, and {@link #choose} takes the next token.
 */
final class Answering implements AutoCloseable {
    private final ChatModel model;
    private final ChatRequest request;
    private final Predicate<Piece> receiver;
    private final List<Prompt> prompts;
    /** Null if the answer is free. */
    private final JsonConstraint constraint;

    private final List<Choice> choices = new ArrayList<>();
    /** Those of the choice that grows; null if none does. */
    private ChoiceText text;

    private Sequence sequence;

    /** As {@link ChatModel#answer}. */
    Answering(ChatModel model, ChatRequest request, Predicate<Piece> receiver) {
        this.model = model;
        this.request = request;
        this.receiver = receiver;
        prompts = model.prompts(request);
        constraint = model.constraint(request.format());
        try {
            begin();
            goOn();
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    boolean ended() {
        return sequence == null;
    }

    Sequence sequence() {
        return sequence;
    }

    /** Takes the next token, and begins the next choice if this one has ended. */
    void choose() {
        sequence.choose();
        goOn();
    }

    private void goOn() {
        while (sequence != null && sequence.ended()) {
            Choice choice = end();
            choices.add(choice);
            close();
            if (choice.finishReason() != FinishReason.CANCELLED
                    && choices.size() < prompts.size() * request.choices()) {
                begin();
            }
        }
    }

    /** Begins the next choice. */
    private void begin() {
        int index = choices.size();
        int[] prompt = prompts.get(index / request.choices()).ids();
        int most = request.sampling().maximumTokens();
        if (request.truncation() != Truncation.SLIDING) {
            most = Math.min(most, model.generator().context() - prompt.length);
        }
        long seed = request.sampling().seed() + index % request.choices();
        text = new ChoiceText(index, request.stops());
        if (constraint != null) {
            constraint.begin();
        }
        TokenBytes reader = model.tokenizer().reader(request.texts().isEmpty());
        IntFunction<BitSet> allowed = constraint == null ? remaining -> null : constraint::allowed;
        sequence = model.generator()
                .begin(prompt, model.stopIds(), request.sampling().with(seed, most), allowed, token -> {
                    if (constraint != null) {
                        constraint.accept(token.id());
                    }
                    boolean scored = request.sampling().logprobs() >= 0;
                    Piece piece = text.add(reader.next(token.id()), scored ? model.score(token) : null);
                    return receiver.test(piece) && !text.stopped();
                });
    }

    private Choice end() {
        FinishReason reason = sequence.result().finishReason();
        if (text.stopped() || reason == FinishReason.LENGTH && constraint != null && constraint.complete()) {
            reason = FinishReason.STOP; // a whole answer has ended by itself, also if no token was left
        }
        if (reason != FinishReason.CANCELLED) {
            Piece rest = text.end(reason);
            if (!rest.isEmpty()) {
                receiver.test(rest);
            }
        }
        return new Choice(text.text(), sequence.result().completionTokens(), text.scores(), reason);
    }

    /** The whole answer, once it has ended. */
    Completion completion() {
        Dropped dropped = new Dropped(
                prompts.stream().mapToInt(prompt -> prompt.dropped().messages()).sum(),
                prompts.stream().mapToInt(prompt -> prompt.dropped().tokens()).sum());
        return new Completion(
                prompts.stream().mapToInt(prompt -> prompt.ids().length).sum(), dropped, choices);
    }

    /** Gives up what has not ended. */
    @Override
    public void close() {
        if (sequence != null) {
            sequence.close();
            sequence = null;
        }
    }
}
