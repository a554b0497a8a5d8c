package perdure.data;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The fields of an object that are something, of which some are taken. Upper and lower case of a key are the same; of two
 * that differ in it, the one in lower case counts.
 */
final class Fields {
    private final Map<String, Object> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    Fields(Map<?, ?> object) {
        object.forEach((key, value) -> {
            String name = String.valueOf(key);
            if (!isNothing(value)) {
                if (!values.containsKey(name)) {
                    values.put(name, value);
                } else if (name.equals(name.toLowerCase(Locale.ROOT))) {
                    values.replace(name, value);
                }
            }
        });
    }

    /** Tables have such values where a row has none: null, no elements, or elements that are nothing. */
    static boolean isNothing(Object value) {
        return value == null
                || value instanceof List<?> list && list.stream().allMatch(Fields::isNothing)
                || value instanceof Map<?, ?> map && map.values().stream().allMatch(Fields::isNothing);
    }

    boolean has(String... keys) {
        return List.of(keys).stream().anyMatch(values::containsKey);
    }

    /** The first of these keys that is there; if none is, the first. */
    String first(String... keys) {
        return Stream.of(keys).filter(values::containsKey).findFirst().orElse(keys[0]);
    }

    /** The value of the first key that is there; it counts as used. */
    Object take(String... keys) {
        return values.remove(first(keys));
    }

    /** The first of these that is there, which must be text. */
    String text(String... keys) {
        String key = first(keys);
        return requireText(take(key), key);
    }

    /** The value, if it is text. */
    static String requireText(Object value, String key) {
        if (value instanceof String text) {
            return text;
        }
        throw RowException.not("\"" + key + "\":", value, "text");
    }

    /** A list, or a text that spells one as JSON, as tables have it. */
    List<?> list(String... keys) {
        String key = first(keys);
        Object value = take(key);
        Object list = value instanceof String text ? JsonValues.only(text) : value;
        if (list instanceof List<?> turns) {
            return turns;
        }
        throw RowException.not(
                "\"" + key + "\":", value, "a list of messages" + (value instanceof String ? " in JSON" : ""));
    }

    /** The keys that were not taken. */
    Set<String> rest() {
        return values.keySet();
    }
}
