package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import perdure.safetensors.DamagedFileException;
import perdure.tokenizer.JsonProblem;
import tools.jackson.databind.JsonNode;

/**
 * A JSON object in a file that another program may have written. Every value is checked when it is asked for. A value of
 * null counts as missing. Errors are {@link DamagedFileException}s that name the file, the key and the value.
 */
final class JsonSettings {

    private final Path file;
    private final String prefix; // of the keys in messages
    private final JsonNode object;

    private JsonSettings(Path file, String prefix, JsonNode object) {
        this.file = file;
        this.prefix = prefix;
        this.object = object;
    }

    static JsonSettings read(Path file) throws IOException {
        return new JsonSettings(file, "", Json.parse(file, Json.bytes(file, Json.MAXIMUM_FILE)));
    }

    Path file() {
        return file;
    }

    boolean has(String key) {
        return !object.path(key).isMissingNode() && !object.path(key).isNull();
    }

    List<String> keys() {
        return List.copyOf(object.propertyNames());
    }

    /** A whole number from 1 to {@code most}. */
    int whole(String key, int most) {
        if (!has(key)) {
            throw new DamagedFileException(file, "has no " + prefix + key);
        }
        JsonNode value = object.path(key);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1 || value.intValue() > most) {
            throw refused(key, "which is not a whole number from 1 to " + most);
        }
        return value.intValue();
    }

    int whole(String key, int most, int otherwise) {
        return has(key) ? whole(key, most) : otherwise;
    }

    double number(String key) {
        JsonNode value = object.path(key);
        if (!has(key)) {
            throw new DamagedFileException(file, "has no " + prefix + key);
        }
        if (!value.isNumber()) {
            throw refused(key, "which is not a number");
        }
        return value.doubleValue();
    }

    double number(String key, double otherwise) {
        return has(key) ? number(key) : otherwise;
    }

    boolean flag(String key, boolean otherwise) {
        if (has(key) && !object.path(key).isBoolean()) {
            throw refused(key, "which is neither true nor false");
        }
        return has(key) ? object.path(key).booleanValue() : otherwise;
    }

    String text(String key, String otherwise) {
        if (has(key) && !object.path(key).isString()) {
            throw refused(key, "which is not a text");
        }
        return has(key) ? object.path(key).stringValue() : otherwise;
    }

    Optional<JsonSettings> object(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (!object.path(key).isObject()) {
            throw refused(key, "which is not an object");
        }
        return Optional.of(new JsonSettings(file, prefix + key + ".", object.path(key)));
    }

    List<String> texts(String key) {
        return elements(key).stream()
                .map(element -> {
                    if (!element.isString()) {
                        throw refused(key, "which is not a list of texts");
                    }
                    return element.stringValue();
                })
                .toList();
    }

    /** A number or a list of numbers, from 0; empty if there is none. */
    List<Integer> wholes(String key) {
        List<JsonNode> numbers = object.path(key).isNumber() ? List.of(object.path(key)) : elements(key);
        return numbers.stream()
                .map(number -> {
                    if (!number.isIntegralNumber() || !number.canConvertToInt() || number.intValue() < 0) {
                        throw refused(key, "which is neither a whole number from 0 nor a list of them");
                    }
                    return number.intValue();
                })
                .toList();
    }

    private List<JsonNode> elements(String key) {
        List<JsonNode> elements = new ArrayList<>();
        if (has(key)) {
            if (!object.path(key).isArray()) {
                throw refused(key, "which is not a list");
            }
            object.path(key).forEach(elements::add);
        }
        return elements;
    }

    /** Whether a value says that something is not there: null, false, 0, or an empty text, list or object. */
    boolean isOff(String key) {
        JsonNode value = object.path(key);
        return !has(key)
                || value.isBoolean() && !value.booleanValue()
                || value.isNumber() && value.doubleValue() == 0
                || value.isContainer() && value.isEmpty()
                || value.isString() && value.stringValue().isEmpty();
    }

    /** @param problem follows the value and a comma */
    DamagedFileException refused(String key, String problem) {
        return new DamagedFileException(
                file, prefix + key + " is " + JsonProblem.shown(object.path(key)) + ", " + problem);
    }
}
