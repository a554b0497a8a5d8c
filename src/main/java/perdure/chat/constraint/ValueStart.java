package perdure.chat.constraint;

import java.util.List;

/** Before a value. */
record ValueStart(Schema schema, boolean mayBeSpaced) implements Place {
    @Override
    public void next(int next, Stack here, List<Stack> out) {
        if (next == ' ' && mayBeSpaced) {
            out.add(here.below().push(new ValueStart(schema, false)));
        } else {
            schema.begin(next, here.below(), out);
        }
    }

    @Override
    public long least() {
        return schema.least();
    }
}
