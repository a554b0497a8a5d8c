package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import perdure.server.SavedModel;
import perdure.server.ServerTest;

/** LangChain4j is served. */
@Timeout(180)
class LangChainClientTest extends ServerTest {

    private OpenAiChatModel model() {
        return OpenAiChatModel.builder()
                .baseUrl(run.url("/v1"))
                .apiKey("none needed")
                .modelName("perdure")
                .temperature(0.0)
                .maxTokens(15)
                .maxRetries(0)
                .build();
    }

    @Test
    void chatsAndStreamsTheSame() {
        SavedModel.commit(folder);
        ChatResponse whole = model().chat(UserMessage.from("Hello"));
        assertEquals(15, whole.aiMessage().text().length());
        assertEquals(FinishReason.LENGTH, whole.finishReason());
        assertEquals(15, whole.tokenUsage().outputTokenCount());

        CompletableFuture<ChatResponse> streamed = new CompletableFuture<>();
        StringBuilder pieces = new StringBuilder();
        OpenAiStreamingChatModel.builder()
                .baseUrl(run.url("/v1"))
                .apiKey("none needed")
                .modelName("perdure")
                .temperature(0.0)
                .maxTokens(15)
                .build()
                .chat("Hello", new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        pieces.append(piece);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        streamed.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        streamed.completeExceptionally(error);
                    }
                });
        assertEquals(whole.aiMessage().text(), streamed.join().aiMessage().text());
        assertEquals(whole.aiMessage().text(), pieces.toString());
        assertEquals(15, streamed.join().tokenUsage().outputTokenCount());
    }

    @Test
    void anAnswerFollowsItsSchema() {
        SavedModel.commit(folder);
        JsonSchema schema = JsonSchema.builder()
                .name("fruit")
                .rootElement(JsonObjectSchema.builder()
                        .addEnumProperty("size", List.of("small", "large"))
                        .required("size")
                        .build())
                .build();
        ResponseFormat format = ResponseFormat.builder()
                .type(ResponseFormatType.JSON)
                .jsonSchema(schema)
                .build();
        ChatRequest request = ChatRequest.builder()
                .messages(UserMessage.from("Hello"))
                .responseFormat(format)
                .maxOutputTokens(30)
                .build();
        String answer = model().chat(request).aiMessage().text();
        assertTrue(answer.matches("\\{\"size\": ?\"(small|large)\"}"), answer);
        ChatRequest any = ChatRequest.builder()
                .messages(UserMessage.from("Hello"))
                .responseFormat(ResponseFormat.JSON)
                .build();
        String object = model().chat(any).aiMessage().text();
        assertTrue(object.startsWith("{") && object.endsWith("}"), object);
    }

    @Test
    void readsTheErrors() {
        assertThrows(InternalServerException.class, () -> model().chat("Hello"));
    }
}
