package perdure.template;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Items that are made while they are gone through, once: a generator of Python's. */
final class Lazy {
    private final Supplier<Iterator<Object>> source;
    private final Budget budget;
    private Iterator<Object> items;

    /** @param source is asked when the first item is */
    Lazy(Supplier<Iterator<Object>> source, Budget budget) {
        this.source = source;
        this.budget = budget;
    }

    /** @param change of each item; those that become {@link Arguments#ABSENT} are left out */
    static Lazy of(Object values, UnaryOperator<Object> change, Budget budget) {
        return new Lazy(() -> new Changed(Values.iterate(values), change, budget), budget);
    }

    Iterator<Object> items() {
        if (items == null) {
            budget.enter();
            items = source.get();
            budget.leave();
        }
        return items;
    }

    private static final class Changed implements Iterator<Object> {
        private final Iterator<Object> items;
        private final UnaryOperator<Object> change;
        private final Budget budget;
        private Object next = Arguments.ABSENT;

        Changed(Iterator<Object> items, UnaryOperator<Object> change, Budget budget) {
            this.items = items;
            this.change = change;
            this.budget = budget;
        }

        @Override
        public boolean hasNext() {
            budget.enter();
            while (next == Arguments.ABSENT && items.hasNext()) {
                budget.step();
                Object item = items.next();
                budget.work(item);
                next = change.apply(item);
            }
            budget.leave();
            return next != Arguments.ABSENT;
        }

        @Override
        public Object next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Object item = next;
            next = Arguments.ABSENT;
            return item;
        }
    }
}
