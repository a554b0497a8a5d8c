package perdure.chat;

import java.util.List;
import perdure.generate.SamplingOptions;

/**
 * How an answer is to be made: {@link SamplingOptions} and what ends the text.
 *
 * @param stops strings that end the answer and are not part of it
 */
public record ChatOptions(
        double temperature,
        double topP,
        int topK,
        double repetitionPenalty,
        long seed,
        int maximumTokens,
        List<String> stops) {

    SamplingOptions sampling() {
        return new SamplingOptions(temperature, topP, topK, repetitionPenalty, seed, maximumTokens);
    }
}
