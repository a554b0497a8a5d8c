package perdure.template;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** Dictionaries by Python's equality of keys: 1, 1.0 and True are one key. */
final class Dicts {
    private Dicts() {}

    /** The value for a key; {@link Arguments#ABSENT} if there is none. */
    static Object get(Map<Object, Object> dict, Object key, Budget budget) {
        Object there = find(dict, key, budget);
        return there == Arguments.ABSENT ? there : dict.get(there);
    }

    static void put(Map<Object, Object> dict, Object key, Object value, Budget budget) {
        Object there = find(dict, key, budget);
        dict.put(there == Arguments.ABSENT ? key : there, value);
    }

    static boolean contains(Map<Object, Object> dict, Object key, Budget budget) {
        return find(dict, key, budget) != Arguments.ABSENT;
    }

    /** The key that the dictionary has for this one. */
    private static Object find(Map<Object, Object> dict, Object key, Budget budget) {
        Object wanted = key instanceof Values.Markup markup ? markup.text() : key;
        requireHashable(wanted, budget);
        if (dict.containsKey(wanted)) {
            return wanted;
        }
        if (Arithmetic.isNumber(wanted) && !(wanted instanceof BigInteger)) {
            double number = Arithmetic.real(wanted);
            for (Object other : List.<Object>of(number == 1, (long) number, number)) {
                if (dict.containsKey(other) && Comparison.equal(other, wanted, budget)) {
                    return other;
                }
            }
        }
        return Arguments.ABSENT;
    }

    static void requireHashable(Object key, Budget budget) {
        if (key instanceof List || key instanceof Map || key instanceof Values.DictView) {
            throw new TemplateException("unhashable type: '" + Values.type(key) + "'");
        }
        if (key instanceof Values.Tuple tuple) {
            budget.enter();
            tuple.items().forEach(item -> requireHashable(item, budget));
            budget.leave();
        }
    }
}
