package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import perdure.chat.ChatRequest.Truncation;
import perdure.chat.constraint.JsonFormat;
import perdure.generate.SamplingOptions;
import perdure.tokenizer.ChatMessage;

class ChatRequestTest {
    @Test
    void takesTheLikeliestTokensUnlessToldOtherwise() {
        assertEquals(
                new ChatRequest(
                        List.of(),
                        List.of("Once"),
                        SamplingOptions.greedy(200),
                        List.of(),
                        1,
                        Truncation.SLIDING,
                        null),
                ChatRequest.completion("Once").build());
    }

    @Test
    void everyOptionReachesItsPlace() {
        JsonFormat format = JsonFormat.object();
        ChatRequest request = ChatRequest.answer()
                .message("system", "Be brief.")
                .message("user", "Hi")
                .temperature(0.5)
                .topP(0.9)
                .topK(40)
                .penalties(1.1, 0.2, 0.3)
                .seed(7)
                .maximumTokens(48)
                .stop("\n")
                .stop("User:")
                .logprobs(3)
                .choices(2)
                .truncation(Truncation.AUTO)
                .format(format)
                .build();
        assertEquals(
                new ChatRequest(
                        List.of(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi")),
                        List.of(),
                        new SamplingOptions(0.5, 0.9, 40, new SamplingOptions.Penalties(1.1, 0.2, 0.3), 7, 48, 3),
                        List.of("\n", "User:"),
                        2,
                        Truncation.AUTO,
                        format),
                request);
    }

    @Test
    void refusesWhatIsNeitherAConversationNorATextAndWhatIsBoth() {
        assertEquals("The conversation has no messages.", refusal(ChatRequest.answer()));
        assertEquals(
                "Both a conversation and a text to continue.",
                refusal(ChatRequest.completion("Once").message("user", "Hi")));
    }

    @Test
    void namesTheOptionThatIsOutOfRange() {
        assertEquals(
                "top_p 2.0 is not above 0 and at most 1.",
                refusal(ChatRequest.completion("Once").topP(2)));
        assertEquals(
                "stop holds an empty string.",
                refusal(ChatRequest.completion("Once").stop("")));
        assertEquals(
                "n 33 is not from 1 to 32.",
                refusal(ChatRequest.completion("Once").choices(33)));
        assertEquals(
                "n 17 is not from 1 to 16.",
                refusal(ChatRequest.completions(List.of("Once", "Twice")).choices(17)));
    }

    private static String refusal(ChatRequest.Builder request) {
        return assertThrows(IllegalArgumentException.class, request::build).getMessage();
    }
}
