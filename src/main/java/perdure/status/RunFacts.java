package perdure.status;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What does not change while a process trains, for whoever looks at a run. Zero and null stand for what is not known yet.
 *
 * @param folder the run folder, as it was given
 * @param data what is trained on, in a few words
 * @param trainingTokens that an epoch predicts
 * @param validationTokens that an evaluation of the whole held-out text predicts
 * @param parameters of the model
 * @param device such as {@code cpu} or {@code cuda:0}
 * @param threads that an operation on the CPU uses
 * @param precision of the forward pass, such as {@code fp32}
 */
public record RunFacts(
        String folder,
        String data,
        @JsonProperty("training_tokens") long trainingTokens,
        @JsonProperty("validation_tokens") long validationTokens,
        long parameters,
        String device,
        int threads,
        String precision) {

    /** Longest description of the data, in characters. */
    private static final int LONGEST_DATA = 200;

    public RunFacts {
        data = data == null || data.length() <= LONGEST_DATA ? data : data.substring(0, LONGEST_DATA - 1) + "…";
    }

    /** Of a run of which no more is known than where it is and what it reads. */
    public static RunFacts of(String folder, String data) {
        return new RunFacts(folder, data, 0, 0, 0, null, 0, null);
    }
}
