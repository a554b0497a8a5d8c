package perdure.tokenizer;

import java.util.Collection;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.MismatchedInputException;

/** What is wrong with JSON, in words for people: without the name of a feature or a class. */
public final class JsonProblem {

    /** What follows the problem itself: what would be allowed with other settings, and where a value began. */
    private static final String ADDED =
            "(?s)( \\(start marker at.*|: expected a valid value.*|: enable `.*|: was expecting \\(JSON.*"
                    + "|: maybe a \\(non-standard.*|, from `.*)";

    /** Longest value that is shown whole, in characters. */
    private static final int LONGEST = 60;

    private JsonProblem() {}

    /** As {@link #of}, with the place in the file, such as {@code it ends too early (line 3, column 7)}. */
    public static String inFile(JacksonException exception) {
        TokenStreamLocation place = exception.getLocation();
        return of(exception)
                + (place == null || place.getLineNr() < 1
                        ? ""
                        : " (line " + place.getLineNr() + ", column " + place.getColumnNr() + ")");
    }

    /**
     * Why a JSON value is not the object that was asked for, such as {@code has no step} or {@code step is "x", which is
     * not a whole number}.
     */
    public static String of(JsonNode tree, JacksonException exception) {
        StringBuilder key = new StringBuilder();
        JsonNode value = tree;
        for (JacksonException.Reference step : exception.getPath()) {
            String name = step.getPropertyName();
            value = name == null ? value.path(step.getIndex()) : value.path(name);
            key.append(name == null ? "[" + step.getIndex() + "]" : (key.isEmpty() ? "" : ".") + name);
        }
        if (value.isMissingNode()) {
            return "has no " + key;
        }
        if (exception.getCause() instanceof IllegalArgumentException refused) {
            return key.isEmpty() ? refused.getMessage() : key + " is " + shown(value) + ": " + refused.getMessage();
        }
        Class<?> type = exception instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        return (key.isEmpty() ? "it" : key) + " is " + shown(value) + ", which is not " + kind(type);
    }

    private static String kind(Class<?> type) {
        if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
            return "a whole number in its range";
        }
        if (type == double.class || type == Double.class) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type == String.class) {
            return "a text";
        }
        return type != null && Collection.class.isAssignableFrom(type) ? "a list" : "what belongs there";
    }

    /** A value on one line, cut after 60 characters. */
    public static String shown(JsonNode value) {
        String text = value.isMissingNode() ? "missing" : value.toString();
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    }

    /** One line without a full stop, such as {@code it ends too early}. */
    public static String of(JacksonException exception) {
        String message = exception.getOriginalMessage().lines().findFirst().orElse("");
        return message.startsWith("Unexpected end") ? "it ends too early" : message.replaceAll(ADDED, "");
    }
}
