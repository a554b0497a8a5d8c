package perdure.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** The variable {@code loop} of a loop's body. It looks ahead only when it is asked to. */
final class LoopState implements Callable {
    private final Object values;
    private final int depth;
    /** Renders the loop again for other items; null if it is not recursive. */
    private final Callable again;

    private Iterator<Object> items;
    private long index = -1;
    private Object previous = Arguments.ABSENT;
    private Object current = Arguments.ABSENT;
    private Object next = Arguments.ABSENT;
    private Object lastChecked = Arguments.ABSENT;
    private long length = -1;

    /** @param depth of recursion, 0 for the outermost */
    LoopState(Object values, int depth, Callable again) {
        this.values = values;
        this.items = Values.iterate(values);
        this.depth = depth;
        this.again = again;
    }

    /** Goes to the next item; false if there is none. */
    boolean advance() {
        if (!hasNext()) {
            return false;
        }
        previous = current;
        current = next;
        next = Arguments.ABSENT;
        index++;
        return true;
    }

    private boolean hasNext() {
        if (next == Arguments.ABSENT && items.hasNext()) {
            next = items.next();
        }
        return next != Arguments.ABSENT;
    }

    Object current() {
        return current;
    }

    /** The items that are left. */
    Iterator<Object> items() {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return LoopState.this.hasNext();
            }

            @Override
            public Object next() {
                if (!advance()) {
                    throw new NoSuchElementException();
                }
                return current;
            }
        };
    }

    /** How many items there are in all; those that are made one by one are made for that. */
    long length() {
        if (length < 0) {
            if (values instanceof Lazy || values instanceof LoopState) {
                List<Object> rest = new ArrayList<>();
                items.forEachRemaining(rest::add);
                items = rest.iterator();
                length = index + 1 + rest.size() + (next == Arguments.ABSENT ? 0 : 1);
            } else {
                length = Values.length(values);
            }
        }
        return length;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> index + 1;
            case "index0" -> index;
            case "first" -> index == 0;
            case "last" -> !hasNext();
            case "length" -> length();
            case "revindex" -> length() - index;
            case "revindex0" -> length() - index - 1;
            case "depth" -> depth + 1L;
            case "depth0" -> (long) depth;
            case "previtem" -> index == 0 ? new Undefined("there is no previous item") : previous;
            case "nextitem" -> hasNext() ? next : new Undefined("there is no next item");
            case "cycle" -> (Callable) (arguments, budget) -> cycle(arguments);
            case "changed" -> (Callable) (arguments, budget) -> changed(arguments, budget);
            default -> Arguments.ABSENT;
        };
    }

    private Object cycle(Arguments arguments) {
        List<Object> choices = arguments.positional();
        if (choices.isEmpty()) {
            throw new TemplateException("no items for cycling given");
        }
        return choices.get((int) (index % choices.size()));
    }

    /** Whether the values are others than at the call before. */
    private boolean changed(Arguments arguments, Budget budget) {
        Object now = arguments.positional();
        boolean changed = lastChecked == Arguments.ABSENT || !Comparison.equal(lastChecked, now, budget);
        lastChecked = now;
        return changed;
    }

    @Override
    public Object call(Arguments arguments, Budget budget) {
        if (again == null) {
            throw new TemplateException("loop() needs a loop that is marked as recursive");
        }
        return again.call(arguments, budget);
    }

    @Override
    public String toString() {
        return "<LoopContext " + (index + 1) + "/" + length() + ">";
    }
}
