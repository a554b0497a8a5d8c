package perdure.server.openai;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import perdure.chat.ChatRequest;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/chat/completions}. */
final class ChatForm {

    private static final int TOKENS = 512;
    private static final int MOST_MESSAGES = 10_000;
    private static final int MOST_PARTS = 100;
    private static final int MOST_LOGPROBS = 20;
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");

    private ChatForm() {}

    static CompletionRequest read(RequestFields fields, String model) {
        List<RequestFields> messages = fields.objects("messages", MOST_MESSAGES);
        fields.require(!messages.isEmpty(), "messages", "an array with at least one message");
        ChatRequest.Builder chat = ChatRequest.answer();
        messages.forEach(message -> add(chat, message));
        int oldName = CompletionRequest.tokens(fields, "max_tokens", TOKENS);
        chat.maximumTokens(CompletionRequest.tokens(fields, "max_completion_tokens", oldName));
        boolean logprobs = logprobs(chat, fields);
        int choices = CompletionRequest.choices(fields);
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

    private static boolean logprobs(ChatRequest.Builder chat, RequestFields fields) {
        boolean wanted = fields.flag("logprobs");
        int likeliest = (int) fields.whole("top_logprobs", 0, MOST_LOGPROBS, 0);
        fields.require(wanted || likeliest == 0, "top_logprobs", "0 unless logprobs is true");
        if (wanted) {
            chat.logprobs(likeliest);
        }
        return wanted;
    }

    private static void add(ChatRequest.Builder chat, RequestFields message) {
        String role = message.text("role");
        message.require(role != null && ROLES.contains(role), "role", "system, developer, user, assistant or tool");
        JsonNode content = message.any("content");
        String refusal = message.text("refusal");
        String text = content != null && content.isArray() ? parts(message) : message.text("content");
        text = text == null ? refusal : text;
        message.require(text != null, "content", "given: a string or an array of parts");
        message.neutral("tool_calls", "[]");
        message.neutral("annotations", "[]");
        message.ignore("name", "id", "cache_control", "tool_call_id", "reasoning_content", "reasoning");
        message.refuseOthers();
        chat.message("developer".equals(role) ? "system" : role, text);
    }

    private static String parts(RequestFields message) {
        return message.objects("content", MOST_PARTS).stream()
                .map(part -> {
                    part.require("text".equals(part.text("type")), "type", "text: nothing else can be read");
                    String text = part.text("text");
                    part.require(text != null, "text", "a string");
                    part.ignore("cache_control");
                    part.neutral("annotations", "[]");
                    part.refuseOthers();
                    return text;
                })
                .collect(Collectors.joining());
    }
}
