package perdure.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import perdure.template.Values.Tuple;

/** A part of a template that has a value. Every kind is a record that evaluates itself. */
interface Expression {
    /** The value, computed without a look at the budget; callers use {@link #evaluate}. */
    Object value(Scope scope);

    default Object evaluate(Scope scope) {
        scope.budget().enter();
        Object value = value(scope);
        scope.budget().leave();
        return value;
    }

    default boolean holds(Scope scope) {
        return Values.truth(evaluate(scope));
    }

    record Literal(Object constant) implements Expression {
        @Override
        public Object value(Scope scope) {
            return constant;
        }
    }

    record Name(String name) implements Expression {
        @Override
        public Object value(Scope scope) {
            return scope.get(name);
        }
    }

    record ListOf(List<Expression> items) implements Expression {
        @Override
        public Object value(Scope scope) {
            return all(items, scope);
        }
    }

    record TupleOf(List<Expression> items) implements Expression {
        @Override
        public Object value(Scope scope) {
            return new Tuple(all(items, scope));
        }
    }

    private static List<Object> all(List<Expression> items, Scope scope) {
        List<Object> values = new ArrayList<>(items.size());
        items.forEach(item -> values.add(item.evaluate(scope)));
        return values;
    }

    record Pair(Expression key, Expression value) {}

    record DictOf(List<Pair> pairs) implements Expression {
        @Override
        public Object value(Scope scope) {
            Map<Object, Object> dict = new LinkedHashMap<>();
            for (Pair pair : pairs) {
                Object key = pair.key().evaluate(scope);
                Dicts.put(dict, key, pair.value().evaluate(scope), scope.budget());
            }
            return dict;
        }
    }

    /** @param otherwise null if there is no {@code else} */
    record Conditional(Expression condition, Expression then, Expression otherwise) implements Expression {
        @Override
        public Object value(Scope scope) {
            if (condition.holds(scope)) {
                return then.evaluate(scope);
            }
            return otherwise == null
                    ? new Undefined("an inline if was false and has no else")
                    : otherwise.evaluate(scope);
        }
    }

    record And(Expression left, Expression right) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object value = left.evaluate(scope);
            return Values.truth(value) ? right.evaluate(scope) : value;
        }
    }

    record Or(Expression left, Expression right) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object value = left.evaluate(scope);
            return Values.truth(value) ? value : right.evaluate(scope);
        }
    }

    record Not(Expression operand) implements Expression {
        @Override
        public Object value(Scope scope) {
            return !operand.holds(scope);
        }
    }

    record Signed(boolean negative, Expression operand) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object value = operand.evaluate(scope);
            return negative ? Arithmetic.negated(value) : Arithmetic.plus(value);
        }
    }

    record Calculation(Arithmetic.Operator operator, Expression left, Expression right) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object first = left.evaluate(scope);
            return Arithmetic.apply(operator, first, right.evaluate(scope), scope.budget());
        }
    }

    record Concatenation(List<Expression> parts) implements Expression {
        @Override
        public Object value(Scope scope) {
            List<String> texts = new ArrayList<>(parts.size());
            for (Object part : all(parts, scope)) {
                texts.add(Printing.text(part, scope.budget()));
            }
            return StringMethods.joined("", texts, scope.budget());
        }
    }

    record Step(Comparison.Operator operator, Expression right) {}

    /** {@code a < b <= c}: every operand is evaluated at most once, and nothing after the first false step. */
    record Chain(Expression first, List<Step> steps) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object left = first.evaluate(scope);
            for (Step step : steps) {
                Object right = step.right().evaluate(scope);
                if (!Comparison.holds(step.operator(), left, right, scope.budget())) {
                    return false;
                }
                left = right;
            }
            return true;
        }
    }

    record Attribute(Expression target, String name) implements Expression {
        @Override
        public Object value(Scope scope) {
            return Attributes.byDot(target.evaluate(scope), name, scope.budget());
        }
    }

    record Item(Expression target, Expression key) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object from = target.evaluate(scope);
            return Attributes.byKey(from, key.evaluate(scope), scope.budget());
        }
    }

    /** Bounds are null where they are left out. */
    record Slice(Expression target, Expression start, Expression stop, Expression step) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object from = target.evaluate(scope);
            return Attributes.slice(from, bound(start, scope), bound(stop, scope), bound(step, scope), scope.budget());
        }

        private static Object bound(Expression bound, Scope scope) {
            return bound == null ? null : bound.evaluate(scope);
        }
    }

    record Call(Expression callee, ArgumentList arguments) implements Expression {
        @Override
        public Object value(Scope scope) {
            return call(scope, null);
        }

        /** @param caller what a {@code {% call %}} block hands over, or null */
        Object call(Scope scope, Macro caller) {
            Object function = callee.evaluate(scope);
            Arguments given = arguments.evaluate(scope);
            Undefined.refuse(function);
            if (!(function instanceof Callable callable)) {
                throw new TemplateException("'" + Values.type(function) + "' object is not callable");
            }
            return callable.call(caller == null ? given : given.withNamed("caller", caller), scope.budget());
        }
    }

    /** @param filter null if there is none of this name, which fails only where it is reached */
    record Filtering(String name, Filters.Filter filter, ArgumentList arguments) {
        Object apply(Object value, Scope scope) {
            Filters.Filter known = filter == null ? Filters.require(name) : filter;
            scope.budget().work(value);
            return known.apply(value, arguments.evaluate(scope), scope.budget());
        }
    }

    record Filtered(Expression input, Filtering filtering) implements Expression {
        @Override
        public Object value(Scope scope) {
            return filtering.apply(input.evaluate(scope), scope);
        }
    }

    /** @param check null as for {@link Filtering} */
    record Tested(Expression input, String name, Checks.Check check, ArgumentList arguments) implements Expression {
        @Override
        public Object value(Scope scope) {
            Checks.Check known = check == null ? Checks.require(name) : check;
            Object value = input.evaluate(scope);
            scope.budget().work(value);
            return known.holds(value, arguments.evaluate(scope), scope.budget());
        }
    }

    /**
     * The arguments of a call.
     *
     * @param spread {@code *values}, or null
     * @param spreadNamed {@code **values}, or null
     */
    record ArgumentList(
            List<Expression> positional, Map<String, Expression> named, Expression spread, Expression spreadNamed) {
        static final ArgumentList NONE = new ArgumentList(List.of(), Map.of(), null, null);

        Arguments evaluate(Scope scope) {
            if (this == NONE) {
                return Arguments.NONE;
            }
            List<Object> values = all(positional, scope);
            Map<String, Object> byName = new LinkedHashMap<>();
            if (spread != null) {
                values.addAll(Values.list(spread.evaluate(scope), scope.budget()));
            }
            named.forEach((name, value) -> byName.put(name, value.evaluate(scope)));
            if (spreadNamed != null) {
                Object more = spreadNamed.evaluate(scope);
                if (!(more instanceof Map)) {
                    throw new TemplateException("the argument after ** must be a mapping, not " + Values.type(more));
                }
                Values.dict(more).forEach((name, value) -> {
                    if (!(name instanceof String) || byName.put((String) name, value) != null) {
                        throw new TemplateException("an argument after ** has no name of its own");
                    }
                });
            }
            return new Arguments(values, byName);
        }
    }
}
