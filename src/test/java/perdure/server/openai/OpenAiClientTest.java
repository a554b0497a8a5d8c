package perdure.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.ResponseFormatJsonObject;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import perdure.server.SavedModel;
import perdure.server.ServerOptions;
import perdure.server.ServerUnderTest;

/** OpenAI's own Java client is served. */
@Timeout(180)
class OpenAiClientTest {

    @TempDir
    Path folder;

    private ServerUnderTest run;
    private OpenAIClient client;

    @BeforeEach
    void start() {
        run = new ServerUnderTest(folder, new ServerOptions("127.0.0.1", 0, "secret"));
        client = client("secret");
    }

    private OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(run.url("/v1"))
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        run.close();
    }

    private static ChatCompletionCreateParams.Builder question() {
        return ChatCompletionCreateParams.builder()
                .model("perdure")
                .addSystemMessage("Be brief.")
                .addUserMessage("Hello")
                .temperature(0)
                .topP(0.9)
                .putAdditionalBodyProperty("seed", JsonValue.from(5))
                .stop("never said")
                .maxCompletionTokens(20);
    }

    @Test
    void chats() {
        SavedModel.commit(folder);
        ChatCompletion answer = client.chat().completions().create(question().build());
        answer.validate();
        assertEquals(
                20, answer.choices().get(0).message().content().orElseThrow().length());
        assertEquals(
                ChatCompletion.Choice.FinishReason.LENGTH,
                answer.choices().get(0).finishReason());
        assertEquals(20, answer.usage().orElseThrow().completionTokens());
    }

    @Test
    void chatsInAStream() {
        SavedModel.commit(folder);
        String whole = client.chat()
                .completions()
                .create(question().build())
                .choices()
                .get(0)
                .message()
                .content()
                .orElseThrow();
        ChatCompletionStreamOptions options =
                ChatCompletionStreamOptions.builder().includeUsage(true).build();
        List<ChatCompletionChunk> chunks;
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(question().streamOptions(options).build())) {
            chunks = stream.stream().toList();
        }
        chunks.forEach(ChatCompletionChunk::validate);
        StringBuilder text = new StringBuilder();
        chunks.forEach(chunk ->
                chunk.choices().forEach(choice -> choice.delta().content().ifPresent(text::append)));
        assertEquals(whole, text.toString());
        assertEquals(20, chunks.get(chunks.size() - 1).usage().orElseThrow().completionTokens());
    }

    /** What an answer is read into. */
    @JsonPropertyOrder({"ripe", "size"}) // the order of fields is the virtual machine's affair
    static final class Fruit {
        public boolean ripe;
        public int size;
    }

    @Test
    void readsAnswersIntoObjects() {
        SavedModel.commit(folder);
        var answer = client.chat()
                .completions()
                .create(question()
                        .responseFormat(Fruit.class)
                        .maxCompletionTokens(35)
                        .build());
        Fruit fruit = answer.choices().get(0).message().content().orElseThrow();
        assertNotNull(fruit); // a larger number than fits its field would have been an error
        var any = question()
                .responseFormat(ResponseFormatJsonObject.builder().build())
                .build();
        String json = client.chat()
                .completions()
                .create(any)
                .choices()
                .get(0)
                .message()
                .content()
                .orElseThrow();
        assertTrue(json.startsWith("{") && json.endsWith("}"), json);
    }

    @Test
    void carriesATextOn() {
        SavedModel.commit(folder);
        CompletionCreateParams.Builder text = CompletionCreateParams.builder()
                .model("perdure")
                .prompt("Once upon")
                .maxTokens(7)
                .temperature(0);
        var answer = client.completions().create(text.build());
        answer.validate();
        assertEquals(7, answer.choices().get(0).text().length());
    }

    private static ResponseCreateParams.Builder response(String input) {
        return ResponseCreateParams.builder()
                .model("perdure")
                .instructions("Be brief.")
                .input(input)
                .temperature(0)
                .maxOutputTokens(20);
    }

    @Test
    void responds() {
        SavedModel.commit(folder);
        Response answer = client.responses().create(response("Hello").build());
        answer.validate();
        assertEquals(20, text(answer).length());
        assertEquals(ResponseStatus.INCOMPLETE, answer.status().orElseThrow());
        assertEquals(20, answer.usage().orElseThrow().outputTokens());

        Response next = client.responses()
                .create(response("And?").previousResponseId(answer.id()).build());
        next.validate();
        assertEquals(
                answer.usage().orElseThrow().totalTokens() + 2 + 12 + 11,
                next.usage().orElseThrow().inputTokens(),
                "all before, the end of the answer, the message with its frame of 8, and the opening");
    }

    @Test
    void respondsInAStream() {
        SavedModel.commit(folder);
        String whole = text(client.responses().create(response("Hello").build()));
        ResponseAccumulator built = ResponseAccumulator.create();
        StringBuilder text = new StringBuilder();
        try (StreamResponse<ResponseStreamEvent> stream =
                client.responses().createStreaming(response("Hello").build())) {
            stream.stream().forEach(event -> {
                event.validate();
                built.accumulate(event);
                event.outputTextDelta().ifPresent(delta -> text.append(delta.delta()));
            });
        }
        assertEquals(whole, text.toString());
        assertEquals(whole, text(built.response()));
    }

    private static String text(Response response) {
        return response.output()
                .get(0)
                .asMessage()
                .content()
                .get(0)
                .asOutputText()
                .text();
    }

    @Test
    void listsTheModel() {
        SavedModel.commit(folder);
        assertEquals(
                List.of("perdure", "perdure:step-0000000003"),
                client.models().list().items().stream()
                        .map(model -> model.validate().id())
                        .toList());
    }

    @Test
    void readsTheErrors() {
        assertThrows(
                InternalServerException.class,
                () -> client.chat().completions().create(question().build()));
        BadRequestException bad = assertThrows(
                BadRequestException.class,
                () -> client.chat().completions().create(question().n(300).build()));
        assertEquals("n", bad.param().orElseThrow());
        NotFoundException absent = assertThrows(NotFoundException.class, () -> client.chat()
                .completions()
                .create(question().model("gpt-4o").build()));
        assertEquals("model_not_found", absent.code().orElseThrow());
        OpenAIClient stranger = client("guess");
        assertThrows(
                UnauthorizedException.class,
                () -> stranger.chat().completions().create(question().build()));
        stranger.close();
    }
}
