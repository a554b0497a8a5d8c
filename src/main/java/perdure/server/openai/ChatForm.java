package perdure.server.openai;

import java.util.List;
import perdure.chat.ChatRequest;

/** The body of {@code POST /v1/chat/completions}. */
final class ChatForm {

    private static final int TOKENS = 512;
    private static final int MOST_MESSAGES = 10_000;
    private static final int MOST_LOGPROBS = 20;

    private ChatForm() {}

    static CompletionRequest read(RequestFields fields, String model) {
        List<RequestFields> messages = fields.objects("messages", MOST_MESSAGES);
        fields.require(!messages.isEmpty(), "messages", "an array with at least one message");
        ChatRequest.Builder chat = ChatRequest.answer();
        messages.forEach(message -> {
            Turn turn = Turn.read(message, List.of("text"));
            chat.message(turn.role(), turn.text());
        });
        int oldName = CompletionRequest.tokens(fields, "max_tokens", TOKENS);
        chat.maximumTokens(CompletionRequest.tokens(fields, "max_completion_tokens", oldName));
        int choices = CompletionRequest.choices(fields, ChatRequest.MOST_CHOICES);
        boolean logprobs = logprobs(chat, fields, choices);
        CompletionRequest.withOptions(chat, fields).choices(choices);
        CompletionRequest.stops(chat, fields);
        chat.format(ResponseFormat.ofChat(fields));
        takeWhatAsksForNothing(fields);
        boolean stream = fields.flag("stream");
        boolean includeUsage = CompletionRequest.includeUsage(fields);
        return new CompletionRequest(
                chat.build(),
                stream,
                "messages",
                new CompletionWriter(CompletionWriter.Form.CHAT, model, choices, logprobs, includeUsage));
    }

    private static void takeWhatAsksForNothing(RequestFields fields) {
        fields.neutral("store", "false");
        fields.neutral("modalities", "[\"text\"]");
        fields.neutral("tools", "[]");
        fields.neutral("functions", "[]");
        fields.neutral("tool_choice", "\"none\"", "\"auto\"");
        fields.neutral("function_call", "\"none\"", "\"auto\"");
        fields.neutral("chat_template_kwargs", "{}", "{\"enable_thinking\":false}");
        fields.flag("parallel_tool_calls");
        fields.text("reasoning_effort");
        fields.text("verbosity");
        fields.text("service_tier");
        fields.ignore("metadata", "prediction", "safety_identifier", "prompt_cache_key", "prompt_cache_retention");
    }

    private static boolean logprobs(ChatRequest.Builder chat, RequestFields fields, int choices) {
        boolean wanted = fields.flag("logprobs");
        int likeliest = CompletionRequest.likeliest(fields, "top_logprobs", MOST_LOGPROBS, choices);
        fields.require(wanted || likeliest == 0, "top_logprobs", "0 unless logprobs is true");
        if (wanted) {
            chat.logprobs(likeliest);
        }
        return wanted;
    }
}
