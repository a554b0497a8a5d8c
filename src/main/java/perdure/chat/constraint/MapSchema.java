package perdure.chat.constraint;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Objects with any names, whose values have one schema. Names are written without escapes, and no name comes twice. */
final class MapSchema extends Schema {
    /** So few that one more character always makes a name another than all before. */
    private static final int MOST_NAMES = 32;

    private static final int MOST_NAME_BYTES = 64;

    private final Schema values;

    MapSchema(Schema values) {
        this.values = values;
    }

    @Override
    Shortest shortest() {
        return new Shortest(2, 1);
    }

    @Override
    void begin(int first, Stack below, List<Stack> out) {
        if (first == '{') {
            out.add(below.push(new Members(this, Set.of())));
        }
    }

    /** @param names those that are written, their bytes as Latin-1 */
    private record Members(MapSchema schema, Set<String> names) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            boolean more = names.size() < MOST_NAMES && schema.values.fits(here.depth());
            if (next == '}') {
                out.add(here.below());
            } else if (more && next == '"' && names.isEmpty()) {
                out.add(here.below().push(new Name(schema, names, "", Utf8.BOUNDARY)));
            } else if (more && next == ',' && !names.isEmpty()) {
                out.add(here.below().push(new BeforeName(schema, names, true)));
            }
        }

        @Override
        public long least() {
            return 1;
        }

        @Override
        public boolean nests() {
            return true;
        }
    }

    private record BeforeName(MapSchema schema, Set<String> names, boolean mayBeSpaced) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            if (next == '"') {
                out.add(here.below().push(new Name(schema, names, "", Utf8.BOUNDARY)));
            } else if (next == ' ' && mayBeSpaced) {
                out.add(here.below().push(new BeforeName(schema, names, false)));
            }
        }

        @Override
        public long least() {
            return 1 + new Name(schema, names, "", Utf8.BOUNDARY).least();
        }

        @Override
        public boolean nests() {
            return true;
        }
    }

    private record Name(MapSchema schema, Set<String> names, String name, Utf8 utf8) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            boolean written = names.contains(name);
            if (next == '"' && utf8 == Utf8.BOUNDARY) {
                if (!written) {
                    out.add(here.below().push(new Colon(schema, with(name))));
                }
            } else if (next >= ' ' && next != '\\' && (name.length() < MOST_NAME_BYTES || written || utf8.left() > 0)) {
                Utf8 after = utf8.next(next);
                if (after != null) {
                    out.add(here.below().push(new Name(schema, names, name + (char) next, after)));
                }
            }
        }

        private Set<String> with(String another) {
            Set<String> more = new HashSet<>(names);
            more.add(another);
            return Set.copyOf(more);
        }

        /** To the end of the object. */
        @Override
        public long least() {
            int character = utf8.left() + (utf8 == Utf8.BOUNDARY && names.contains(name) ? 1 : 0);
            return character + 1 + ":".length() + schema.values.least() + "}".length();
        }

        @Override
        public boolean nests() {
            return true;
        }
    }

    private record Colon(MapSchema schema, Set<String> names) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            if (next == ':') {
                out.add(here.below().push(new Members(schema, names)).push(new ValueStart(schema.values, true)));
            }
        }

        @Override
        public long least() {
            return ":".length() + schema.values.least() + "}".length();
        }

        @Override
        public boolean nests() {
            return true;
        }
    }
}
