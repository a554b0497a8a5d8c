package perdure.template;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a call hands over: values by position, then values by name. */
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** Stands for an argument, item or key that is not there, which is something else than None. */
    static final Object ABSENT = new Object();

    Arguments withNamed(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(named);
        more.put(name, value);
        return new Arguments(positional, more);
    }

    /** Without the first values by position. */
    Arguments after(int count) {
        return new Arguments(positional.subList(Math.min(count, positional.size()), positional.size()), named);
    }

    /**
     * The values in the order of the function's parameters.
     *
     * @param function its name, for messages
     * @param required how many of the first parameters must be given
     */
    Bound bind(String function, int required, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateException(function + " takes at most " + parameters.length + " arguments, but "
                    + positional.size() + " were given");
        }
        Object[] values = new Object[parameters.length];
        Arrays.fill(values, ABSENT);
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        named.forEach((name, value) -> {
            int index = List.of(parameters).indexOf(name);
            if (index < 0) {
                throw new TemplateException(function + " has no argument '" + name + "'");
            }
            if (values[index] != ABSENT) {
                throw new TemplateException(function + " has two values for '" + name + "'");
            }
            values[index] = value;
        });
        for (int i = 0; i < required; i++) {
            if (values[i] == ABSENT) {
                throw new TemplateException(function + " lacks its argument '" + parameters[i] + "'");
            }
        }
        return new Bound(function, parameters, values);
    }

    /** Arguments by the position of their parameters. */
    record Bound(String function, String[] parameters, Object[] values) {
        Object get(int index, Object otherwise) {
            return values[index] == ABSENT ? otherwise : values[index];
        }

        boolean truth(int index, boolean otherwise) {
            return Values.truth(get(index, otherwise));
        }

        String text(int index, String otherwise) {
            if (values[index] == ABSENT) {
                return otherwise;
            }
            String text = Values.text(values[index]);
            if (text == null) {
                throw wrongType(index, "a string");
            }
            return text;
        }

        /** None counts as absent. */
        String textOrNone(int index) {
            return get(index, null) == null ? null : text(index, null);
        }

        long whole(int index, long otherwise) {
            if (values[index] == ABSENT) {
                return otherwise;
            }
            if (!Arithmetic.isWhole(values[index])) {
                throw wrongType(index, "a whole number");
            }
            return Arithmetic.clamped(values[index]);
        }

        /** None counts as absent. */
        long wholeOrNone(int index, long otherwise) {
            return get(index, null) == null ? otherwise : whole(index, otherwise);
        }

        private TemplateException wrongType(int index, String wanted) {
            Undefined.refuse(values[index]);
            return new TemplateException(function + " expects " + wanted + " as '" + parameters[index] + "', not "
                    + Values.type(values[index]));
        }
    }
}
