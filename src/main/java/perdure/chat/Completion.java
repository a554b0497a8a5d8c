package perdure.chat;

import java.util.List;
import java.util.Locale;
import perdure.generate.Generation.FinishReason;

/**
 * What a model made of a request.
 *
 * @param promptTokens tokens that the model read, of all texts
 * @param dropped what it did not read, since the context is full
 * @param choices the answers, in the order of their indexes: first those to the first text
 */
public record Completion(int promptTokens, Dropped dropped, List<Choice> choices) {

    public Completion {
        choices = List.copyOf(choices);
    }

    /** Tokens that were generated for all choices, including those of stop strings. */
    public int completionTokens() {
        return choices.stream().mapToInt(Choice::tokens).sum();
    }

    /**
     * The oldest part of a prompt, which was left out.
     *
     * @param messages that were left out whole
     * @param tokens all that were left out
     */
    public record Dropped(int messages, int tokens) {

        static final Dropped NOTHING = new Dropped(0, 0);

        /** Whether the model read the whole prompt. */
        public boolean isNothing() {
            return tokens == 0;
        }
    }

    /**
     * One answer.
     *
     * @param text without the stop string that ended it
     * @param tokens how many were generated, including those of a stop string
     * @param scores the tokens of the text; empty unless log probabilities were asked for
     */
    public record Choice(String text, int tokens, List<TokenScore> scores, FinishReason finishReason) {

        public Choice {
            scores = List.copyOf(scores);
        }

        /** {@code stop}, {@code length} or, where neither the model nor a limit ended it, {@code cancelled}. */
        public String finish() {
            return finishReason.name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A piece of a growing answer.
     *
     * @param choice index of the answer
     * @param text may be empty
     * @param scores the tokens that the text ends; empty unless log probabilities were asked for
     */
    public record Piece(int choice, String text, List<TokenScore> scores) {

        public Piece {
            scores = List.copyOf(scores);
        }

        /** Whether there is nothing to show. */
        public boolean isEmpty() {
            return text.isEmpty() && scores.isEmpty();
        }
    }

    /**
     * A token with its log probability.
     *
     * @param bytes which need not be whole UTF-8 characters
     * @param logprob natural logarithm of its probability, before temperature, filters and penalties
     * @param likeliest the tokens that were most likely in its place, in descending order
     */
    public record TokenScore(byte[] bytes, double logprob, List<TokenScore> likeliest) {

        public TokenScore {
            likeliest = List.copyOf(likeliest);
        }
    }
}
