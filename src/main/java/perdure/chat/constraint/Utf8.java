package perdure.chat.constraint;

/** Where a text stands inside a UTF-8 character. Only well-formed characters are let through (Unicode, table 3-7). */
enum Utf8 {
    BOUNDARY(0, 0, 0),
    LAST(1, 0x80, 0xbf),
    TWO_LEFT(2, 0x80, 0xbf),
    THREE_LEFT(3, 0x80, 0xbf),
    AFTER_E0(2, 0xa0, 0xbf),
    AFTER_ED(2, 0x80, 0x9f),
    AFTER_F0(3, 0x90, 0xbf),
    AFTER_F4(3, 0x80, 0x8f);

    private final int left;
    private final int from;
    private final int to;

    Utf8(int left, int from, int to) {
        this.left = left;
        this.from = from;
        this.to = to;
    }

    /** Bytes that the character still needs. */
    int left() {
        return left;
    }

    /** The state after a byte, 0 to 255; null if it may not follow. */
    Utf8 next(int next) {
        if (this == BOUNDARY) {
            return first(next);
        } else if (next < from || next > to) {
            return null;
        }
        return left == 1 ? BOUNDARY : left == 2 ? LAST : TWO_LEFT;
    }

    private static Utf8 first(int first) {
        if (first < 0x80) {
            return BOUNDARY;
        } else if (first < 0xc2 || first > 0xf4) {
            return null;
        } else if (first < 0xe0) {
            return LAST;
        }
        return switch (first) {
            case 0xe0 -> AFTER_E0;
            case 0xed -> AFTER_ED;
            case 0xf0 -> AFTER_F0;
            case 0xf4 -> AFTER_F4;
            default -> first < 0xf0 ? TWO_LEFT : THREE_LEFT;
        };
    }
}
