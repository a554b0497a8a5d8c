import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.openai.OpenAiChatModel;

/** Talks through LangChain4j to the server of a run, which may be training meanwhile. */
public final class ChatWithLangChain4j {
    private ChatWithLangChain4j() {}

    /** @param arguments where the run serves, such as {@code http://localhost:8080}, and what to ask */
    public static void main(String[] arguments) {
        ChatModel model = OpenAiChatModel.builder()
                .baseUrl(arguments[0] + "/v1").apiKey("any").modelName("perdure").build();
        System.out.println(model.chat(arguments[1]));
    }
}
