package perdure.chat.constraint;

import tools.jackson.databind.JsonNode;

/**
 * What an answer in JSON has to look like. Immutable; knows no tokens.
 *
 * <p>Answers are compact JSON in one line. Objects have their properties in the order of the schema, no name comes
 * twice, and objects and arrays are at most 64 deep.
 */
public final class JsonFormat {
    private final Schema root;

    private JsonFormat(Schema root) {
        this.root = root;
    }

    /** Any JSON object. */
    public static JsonFormat object() {
        return new JsonFormat(SchemaReader.anyObject());
    }

    /**
     * The values of a JSON schema.
     *
     * @throws SchemaException naming a keyword that is not supported, or one that no value satisfies
     */
    public static JsonFormat schema(JsonNode schema) {
        return new JsonFormat(new SchemaReader(schema).read());
    }

    State start() {
        return State.before(root);
    }
}
