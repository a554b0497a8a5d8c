package perdure.data;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

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
    private static boolean isNothing(Object value) {
        return value == null
                || value instanceof List<?> list && list.stream().allMatch(Fields::isNothing)
                || value instanceof Map<?, ?> map && map.values().stream().allMatch(Fields::isNothing);
    }

    boolean has(String... keys) {
        return List.of(keys).stream().anyMatch(values::containsKey);
    }

    /** The value of the first key that is there; it counts as used. */
    Object take(String... keys) {
        for (String key : keys) {
            if (values.containsKey(key)) {
                return values.remove(key);
            }
        }
        return null;
    }

    /** The first of these that is there, which must be text. */
    String text(String... keys) {
        return requireText(take(keys), keys[0]);
    }

    /** The value, if it is text. */
    static String requireText(Object value, String key) {
        if (value instanceof String text) {
            return text;
        }
        throw new RowException("has a \"" + key + "\" that is not text.");
    }

    /** A list, or a text that spells one as JSON, as tables have it. */
    List<?> list(String... keys) {
        Object value = take(keys);
        Object list = value instanceof String text ? JsonValues.only(text) : value;
        if (list instanceof List<?> turns) {
            return turns;
        }
        throw new RowException("has \"" + keys[0] + "\" that are not a list of messages.");
    }

    /** The keys that were not taken. */
    Set<String> rest() {
        return values.keySet();
    }
}
