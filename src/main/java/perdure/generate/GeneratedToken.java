package perdure.generate;

import java.util.List;

/**
 * A token and what the model thought of it, before temperature, filters and penalties.
 *
 * @param logprob natural logarithm of its probability; NaN if it was not asked for
 * @param likeliest the tokens that were most likely in its place, in descending order, as many as were asked for; their own
 *     lists are empty
 */
public record GeneratedToken(int id, double logprob, List<GeneratedToken> likeliest) {

    public GeneratedToken {
        likeliest = List.copyOf(likeliest);
    }

    /** A token of which only the id is told. */
    static GeneratedToken of(int id) {
        return new GeneratedToken(id, Double.NaN, List.of());
    }
}
