package perdure.chat.constraint;

import java.util.List;

/** Objects with the given properties, in the order of the schema. */
final class ObjectSchema extends Schema {
    private final List<Property> properties;
    private final Literals names;
    /** For each property, and for the end: the first one from there on that must be present, or the end. */
    private final int[] required;
    /** For each property, and for the end: bytes from before the comma to the end of the shortest object. */
    private final long[] rest;

    /** @param name as it is written, with quotes and the colon */
    record Property(byte[] name, Schema schema, boolean required) {}

    ObjectSchema(List<Property> properties) {
        this.properties = List.copyOf(properties);
        this.names = new Literals(properties.stream().map(Property::name).toList());
        int end = properties.size();
        this.required = new int[end + 1];
        this.rest = new long[end + 1];
        required[end] = end;
        rest[end] = 1;
        for (int i = end - 1; i >= 0; i--) {
            required[i] = properties.get(i).required ? i : required[i + 1];
        }
    }

    @Override
    Shortest shortest() {
        int depth = 0;
        for (int i = properties.size() - 1; i >= 0; i--) {
            Property property = properties.get(i);
            rest[i] = rest[i + 1];
            if (property.required) {
                rest[i] = Math.min(NONE, rest[i] + 1 + property.name.length + property.schema.least());
                depth = Math.max(depth, property.schema.depth());
            }
        }
        return new Shortest(1 + new Members(this, 0, true).least(), Math.min(depth, MOST_DEPTH) + 1);
    }

    /** Whether a property may be the next one, where those before {@code from} are written or left out. */
    private boolean mayFollow(int index, int from, int open) {
        return index >= from
                && index <= required[from]
                && (properties.get(index).required
                        || properties.get(index).schema.fits(open));
    }

    private boolean anyFollows(Literals.Node begun, int from, int open) {
        for (int index : begun.indices()) {
            if (mayFollow(index, from, open)) {
                return true;
            }
        }
        return false;
    }

    @Override
    void begin(int first, Stack below, List<Stack> out) {
        if (first == '{') {
            out.add(below.push(new Members(this, 0, true)));
        }
    }

    /** Before a comma or the end, or, at first, before a name or the end. */
    private record Members(ObjectSchema schema, int from, boolean first) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            if (next == '}') {
                if (schema.required[from] == schema.properties.size()) {
                    out.add(here.below());
                }
            } else if (first) {
                Stack name = here.below().push(new Name(schema, from, schema.names.root(), false, here.depth()));
                name.next(next, out);
            } else if (next == ',' && schema.anyFollows(schema.names.root(), from, here.depth())) {
                out.add(here.below().push(new Name(schema, from, schema.names.root(), true, here.depth())));
            }
        }

        @Override
        public long least() {
            return schema.rest[from] - (first && schema.required[from] < schema.properties.size() ? 1 : 0);
        }

        @Override
        public boolean nests() {
            return true;
        }
    }

    /** In a name. */
    private record Name(ObjectSchema schema, int from, Literals.Node begun, boolean mayBeSpaced, int depth)
            implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            if (next == ' ' && mayBeSpaced) {
                out.add(here.below().push(new Name(schema, from, begun, false, depth)));
                return;
            }
            Literals.Node longer = begun.child(next);
            if (longer == null || !schema.anyFollows(longer, from, depth)) {
                return;
            }
            int index = longer.end();
            if (index < 0) {
                out.add(here.below().push(new Name(schema, from, longer, false, depth)));
            } else {
                out.add(here.below()
                        .push(new Members(schema, index + 1, false))
                        .push(new ValueStart(schema.properties.get(index).schema, true)));
            }
        }

        @Override
        public long least() {
            long least = NONE;
            for (int index : begun.indices()) {
                if (schema.mayFollow(index, from, depth)) {
                    Property property = schema.properties.get(index);
                    long bytes = property.name.length - begun.length() + property.schema.least();
                    least = Math.min(least, bytes + schema.rest[index + 1]);
                }
            }
            return least;
        }

        @Override
        public boolean nests() {
            return true;
        }
    }
}
