package perdure.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import perdure.chat.Completion.Piece;
import perdure.chat.Completion.TokenScore;
import perdure.generate.Generation.FinishReason;
import perdure.tokenizer.Utf8Decoder;

/**
 * The text of one answer as it grows. Bytes of tokens become characters, stop strings end it, and a token's score comes with
 * the first text that the token is part of.
 */
final class ChoiceText {
    private final int choice;
    private final Utf8Decoder characters = Utf8Decoder.replacing();
    private final StopStrings stops;
    private final StringBuilder text = new StringBuilder();
    private final List<TokenScore> scores = new ArrayList<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    /** Characters that are decoded; the last of them may be held back. */
    private int decoded;

    ChoiceText(int choice, List<String> stops) {
        this.choice = choice;
        this.stops = new StopStrings(stops);
    }

    /** A token whose text is not shown yet, and the place where that begins. */
    private record Waiting(int begin, TokenScore score) {}

    /**
     * Adds a token.
     *
     * @param score null if none is wanted
     * @return what can be shown now
     */
    Piece add(byte[] bytes, TokenScore score) {
        if (score != null) {
            waiting.add(new Waiting(decoded, score));
        }
        String added = characters.decode(bytes);
        decoded += added.length();
        return shown(stops.add(added));
    }

    /** Whether a stop string ended it. */
    boolean stopped() {
        return stops.found();
    }

    /**
     * Ends the text.
     *
     * @return what was held back. A character cut in two by the token limit is left out; one that the model itself left
     *     incomplete is shown
     */
    Piece end(FinishReason reason) {
        String unfinished = reason == FinishReason.STOP ? stops.add(characters.end()) : "";
        Piece rest = shown(unfinished + stops.end());
        if (stopped()) {
            return rest;
        }
        List<TokenScore> others = waiting.stream().map(Waiting::score).toList();
        scores.addAll(others);
        return new Piece(
                choice,
                rest.text(),
                Stream.concat(rest.scores().stream(), others.stream()).toList());
    }

    private Piece shown(String piece) {
        text.append(piece);
        List<TokenScore> ready = new ArrayList<>();
        while (!waiting.isEmpty() && waiting.getFirst().begin < text.length()) {
            ready.add(waiting.removeFirst().score);
        }
        scores.addAll(ready);
        return new Piece(choice, piece, ready);
    }

    /** All that was shown. */
    String text() {
        return text.toString();
    }

    List<TokenScore> scores() {
        return scores;
    }
}
