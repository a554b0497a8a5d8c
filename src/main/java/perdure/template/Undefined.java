package perdure.template;

/**
 * What a name or an attribute that is not there evaluates to. It is printed as nothing, is false and has no items;
 * whatever else is done to it fails.
 *
 * @param message why it is undefined
 */
record Undefined(String message) {
    /** All that is undefined is equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
        return 0;
    }

    TemplateException failure() {
        return new TemplateException(message);
    }

    /** Fails if the value is undefined. */
    static void refuse(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
    }
}
