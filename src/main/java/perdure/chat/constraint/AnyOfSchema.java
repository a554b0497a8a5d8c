package perdure.chat.constraint;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** The values of several schemas. With one of them it is a reference, which may be a part of what it refers to. */
final class AnyOfSchema extends Schema {
    private final List<Schema> alternatives = new ArrayList<>();
    /** The alternatives of the alternatives, down to those that begin with a byte; null until all are known. */
    private List<Schema> resolved;

    void add(Schema alternative) {
        alternatives.add(alternative);
    }

    @Override
    Shortest shortest() {
        Shortest best = Shortest.ABSENT;
        for (Schema alternative : alternatives) {
            long bytes = alternative.least();
            if (bytes < best.bytes() || bytes == best.bytes() && alternative.depth() < best.depth()) {
                best = new Shortest(bytes, alternative.depth());
            }
        }
        return best;
    }

    @Override
    void begin(int first, Stack below, List<Stack> out) {
        if (resolved == null) {
            resolved = resolve();
        }
        for (Schema schema : resolved) {
            if (schema.fits(below.depth())) {
                schema.begin(first, below, out);
            }
        }
    }

    private List<Schema> resolve() {
        List<Schema> found = new ArrayList<>();
        Set<Schema> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Schema> open = new ArrayList<>(List.of(this));
        while (!open.isEmpty()) {
            Schema schema = open.remove(open.size() - 1);
            if (seen.add(schema)) {
                if (schema instanceof AnyOfSchema several) {
                    open.addAll(several.alternatives);
                } else {
                    found.add(schema);
                }
            }
        }
        return found;
    }
}
