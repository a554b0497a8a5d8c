package perdure.chat.constraint;

import java.util.List;

/** Arrays: the first items may have schemas of their own, the others have one. */
final class ArraySchema extends Schema {
    private final List<Schema> prefix;
    private final Schema items;
    private final int minimum;
    private final int maximum;

    /**
     * @param items null if there are no items after those of the prefix
     * @param maximum most items; {@link Integer#MAX_VALUE} if there is no limit
     */
    ArraySchema(List<Schema> prefix, Schema items, int minimum, int maximum) {
        this.prefix = List.copyOf(prefix);
        this.items = items;
        this.minimum = minimum;
        this.maximum = items == null ? Math.min(maximum, prefix.size()) : maximum;
    }

    private Schema item(int index) {
        return index < prefix.size() ? prefix.get(index) : items;
    }

    @Override
    Shortest shortest() {
        int depth = 0;
        for (int i = 0; i < Math.min(minimum, prefix.size() + 1); i++) {
            depth = Math.max(depth, i < maximum ? item(i).depth() : MOST_DEPTH);
        }
        return minimum <= maximum ? new Shortest(1 + rest(0), Math.min(depth, MOST_DEPTH) + 1) : Shortest.ABSENT;
    }

    /** Bytes that are needed once some items are written: the other items that must be there, commas, and the end. */
    private long rest(int count) {
        long bytes = 1;
        int index = count;
        for (; index < Math.min(minimum, prefix.size()); index++) {
            bytes += prefix.get(index).least() + (index > 0 ? 1 : 0);
        }
        if (index < minimum) {
            long each = items.least() + 1;
            long others = minimum - index;
            bytes += each > NONE / others ? NONE : each * others - (index == 0 ? 1 : 0);
        }
        return Math.min(NONE, bytes);
    }

    @Override
    void begin(int first, Stack below, List<Stack> out) {
        if (first == '[') {
            out.add(below.push(new Items(this, 0)));
        }
    }

    /** @param count items so far; without a maximum it goes up to where it makes no difference any more */
    private record Items(ArraySchema schema, int count) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            boolean more = count < schema.maximum && schema.item(count).fits(here.depth());
            if (next == ']') {
                if (count >= schema.minimum) {
                    out.add(here.below());
                }
            } else if (more && count == 0) {
                schema.item(0).begin(next, here.below().push(longer()), out);
            } else if (more && next == ',') {
                out.add(here.below().push(longer()).push(new ValueStart(schema.item(count), true)));
            }
        }

        private Items longer() {
            int enough = Math.max(1, Math.max(schema.minimum, schema.prefix.size()));
            boolean counts = schema.maximum < Integer.MAX_VALUE || count < enough;
            return new Items(schema, counts ? count + 1 : count);
        }

        @Override
        public long least() {
            return schema.rest(count);
        }

        @Override
        public boolean nests() {
            return true;
        }
    }
}
