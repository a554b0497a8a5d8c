package perdure.data;

/** What one side says in a conversation; {@code role} is {@code user}, {@code assistant} or {@code system}. */
public record Turn(String role, String content) {

    public static Turn user(String content) {
        return new Turn("user", content);
    }

    public static Turn assistant(String content) {
        return new Turn("assistant", content);
    }
}
