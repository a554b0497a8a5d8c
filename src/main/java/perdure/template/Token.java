package perdure.template;

/**
 * One word of a template.
 *
 * @param text the text of {@code DATA} and {@code STRING} (escapes resolved), the name or the operator
 * @param number the value of {@code NUMBER}, a Long, BigInteger or Double; else null
 */
record Token(Kind kind, String text, Object number, int line) {
    enum Kind {
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        PRINT_BEGIN,
        PRINT_END,
        NAME,
        STRING,
        NUMBER,
        OPERATOR,
        END
    }

    boolean is(Kind wanted, String wantedText) {
        return kind == wanted && text.equals(wantedText);
    }

    /** How a message names it. */
    String described() {
        return switch (kind) {
            case DATA -> "text";
            case END -> "the end of the template";
            case STRING -> "a string";
            case NUMBER -> String.valueOf(number);
            default -> "'" + text + "'";
        };
    }
}
