package perdure.chat.constraint;

import java.util.List;

/** Some given values. */
final class EnumSchema extends Schema {
    private final Literals values;

    /** @param values at least one, as they are written */
    EnumSchema(List<byte[]> values) {
        this.values = new Literals(values);
    }

    @Override
    Shortest shortest() {
        return new Shortest(values.root().left(), 0);
    }

    @Override
    void begin(int first, Stack below, List<Stack> out) {
        below.push(new Value(values.root())).next(first, out);
    }

    private record Value(Literals.Node node) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            Literals.Node child = node.child(next);
            if (child != null) {
                out.add(child.isLeaf() ? here.below() : here.below().push(new Value(child)));
            }
            if (mayEnd()) {
                here.below().next(next, out);
            }
        }

        @Override
        public long least() {
            return node.left();
        }

        /** One number can be the beginning of another. */
        @Override
        public boolean mayEnd() {
            return node.end() >= 0;
        }
    }
}
