package perdure.chat.constraint;

import java.util.List;

/** Strings of some characters. Everything but the quote, the backslash and what must be escaped stands for itself. */
final class StringSchema extends Schema {
    private static final String ESCAPES = "\"\\/bfnrt";

    private final int minimum;
    private final int maximum;

    /** Whether a byte is of a character that stands for itself, or is such a character. */
    static boolean isPlain(int next) {
        return next >= ' ' && next != '"' && next != '\\';
    }

    /** @param maximum most characters (code points); {@link Integer#MAX_VALUE} if there is no limit */
    StringSchema(int minimum, int maximum) {
        this.minimum = minimum;
        this.maximum = maximum;
    }

    @Override
    Shortest shortest() {
        return minimum <= maximum ? new Shortest(2L + minimum, 0) : Shortest.ABSENT;
    }

    @Override
    void begin(int first, Stack below, List<Stack> out) {
        if (first == '"') {
            out.add(below.push(new Text(this, 0, Utf8.BOUNDARY, false)));
        }
    }

    /** @param count characters so far; without a maximum it goes up to the minimum only */
    private record Text(StringSchema schema, int count, Utf8 utf8, boolean escaped) implements Place {
        @Override
        public void next(int next, Stack here, List<Stack> out) {
            Utf8 after = utf8.next(next);
            if (escaped) {
                if (ESCAPES.indexOf(next) >= 0) {
                    out.add(here.below().push(character()));
                }
            } else if (utf8 != Utf8.BOUNDARY) {
                if (after != null) {
                    out.add(here.below()
                            .push(after == Utf8.BOUNDARY ? character() : new Text(schema, count, after, false)));
                }
            } else if (next == '"') {
                if (count >= schema.minimum) {
                    out.add(here.below());
                }
            } else if (next >= ' ' && after != null && count < schema.maximum) {
                if (next == '\\') {
                    out.add(here.below().push(new Text(schema, count, Utf8.BOUNDARY, true)));
                } else if (after != Utf8.BOUNDARY) {
                    out.add(here.below().push(new Text(schema, count, after, false)));
                } else {
                    Text longer = character();
                    out.add(longer.count == count ? here : here.below().push(longer));
                }
            }
        }

        private Text character() {
            return new Text(schema, counts() ? count + 1 : count, Utf8.BOUNDARY, false);
        }

        private boolean counts() {
            return schema.maximum < Integer.MAX_VALUE || count < schema.minimum;
        }

        @Override
        public boolean isFreeText() {
            return utf8 == Utf8.BOUNDARY && !escaped && !counts();
        }

        @Override
        public long least() {
            int open = escaped ? 1 : utf8.left();
            return open + Math.max(0, schema.minimum - count - (open > 0 ? 1 : 0)) + 1L;
        }
    }
}
