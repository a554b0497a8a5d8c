package perdure.tokenizer;

import tools.jackson.core.JacksonException;

/** What is wrong with a text that is not JSON, in words for people: without the name of a feature or a class. */
public final class JsonProblem {

    /** What follows the problem itself: what would be allowed with other settings, and where a value began. */
    private static final String ADDED =
            "(?s)( \\(start marker at.*|: expected a valid value.*|: enable `.*|: was expecting \\(JSON.*"
                    + "|: maybe a \\(non-standard.*|, from `.*)";

    private JsonProblem() {}

    /** One line without a full stop, such as {@code it ends too early}. */
    public static String of(JacksonException exception) {
        String message = exception.getOriginalMessage().lines().findFirst().orElse("");
        return message.startsWith("Unexpected end") ? "it ends too early" : message.replaceAll(ADDED, "");
    }
}
