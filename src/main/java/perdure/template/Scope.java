package perdure.template;

import java.util.HashMap;
import java.util.Map;

/** The variables of one block. A name that is not set here is looked up in the block around it. */
final class Scope {
    private final Scope outer;
    private final Map<String, Object> variables = new HashMap<>();
    private final Budget budget;

    /** The outermost scope. */
    Scope(Budget budget) {
        this(null, budget);
    }

    private Scope(Scope outer, Budget budget) {
        this.outer = outer;
        this.budget = budget;
    }

    Scope inner() {
        return new Scope(this, budget);
    }

    Budget budget() {
        return budget;
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.variables.getOrDefault(name, Arguments.ABSENT);
            if (value != Arguments.ABSENT) {
                return value;
            }
        }
        return new Undefined("'" + name + "' is undefined");
    }
}
