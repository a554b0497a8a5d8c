package perdure.server.openai;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import perdure.chat.ChatRequest;
import tools.jackson.databind.JsonNode;

/**
 * The body of {@code POST /v1/chat/completions} or {@code POST /v1/completions}: the fields of OpenAI's protocol that
 * one small model can serve, and {@code top_k} and {@code repetition_penalty}. A field that would need more is refused,
 * unless its value asks for nothing.
 *
 * @param model the name that it asked for
 * @param stream whether the answer comes as events
 * @param includeUsage whether a stream ends with the numbers of tokens
 */
record CompletionRequest(String model, ChatRequest chat, boolean stream, boolean includeUsage) {

    static final int MOST_TOKENS = 8_192;
    private static final int CHAT_TOKENS = 512;
    private static final int TEXT_TOKENS = 16;
    private static final int MOST_MESSAGES = 1_000;
    private static final int MOST_PARTS = 100;

    /** @throws RefusedRequestException if it asks for something else than this server does */
    static CompletionRequest conversation(byte[] body, ModelNames names) {
        return read(body, names, fields -> {
            List<RequestFields> messages = fields.objects("messages", MOST_MESSAGES);
            fields.require(!messages.isEmpty(), "messages", "an array with at least one message");
            ChatRequest.Builder chat = ChatRequest.answer();
            messages.forEach(message -> add(chat, message));
            long oldName = fields.whole("max_tokens", 1, MOST_TOKENS, CHAT_TOKENS);
            long tokens = fields.whole("max_completion_tokens", 1, MOST_TOKENS, oldName);
            fields.neutral("logprobs", "false");
            fields.neutral("store", "false");
            fields.neutral("response_format", "{\"type\":\"text\"}");
            fields.neutral("modalities", "[\"text\"]");
            fields.neutral("tools", "[]");
            fields.ignore("metadata", "service_tier", "safety_identifier", "prompt_cache_key");
            return withOptions(chat.maximumTokens((int) tokens), fields);
        });
    }

    /** @throws RefusedRequestException if it asks for something else than this server does */
    static CompletionRequest text(byte[] body, ModelNames names) {
        return read(body, names, fields -> {
            JsonNode prompt = fields.any("prompt");
            JsonNode text = prompt != null && prompt.isArray() && prompt.size() == 1 ? prompt.get(0) : prompt;
            fields.require(text != null && text.isString(), "prompt", "a string");
            long tokens = fields.whole("max_tokens", 1, MOST_TOKENS, TEXT_TOKENS);
            fields.neutral("echo", "false");
            fields.neutral("best_of", "1");
            fields.neutral("logprobs", "null");
            fields.neutral("suffix", "\"\"");
            return withOptions(ChatRequest.completion(text.stringValue()).maximumTokens((int) tokens), fields);
        });
    }

    private static CompletionRequest read(byte[] body, ModelNames names, Function<RequestFields, ChatRequest> asked) {
        RequestFields fields = RequestFields.parse(body);
        String model = fields.text("model");
        fields.require(model != null, "model", "given: \"" + ModelNames.OWN + "\"");
        names.resolve(model);
        try {
            ChatRequest chat = asked.apply(fields);
            boolean stream = fields.flag("stream");
            boolean includeUsage = includeUsage(fields);
            fields.neutral("n", "1");
            fields.neutral("logit_bias", "{}");
            fields.ignore("user");
            fields.refuseOthers();
            return new CompletionRequest(model, chat, stream, includeUsage);
        } catch (IllegalArgumentException outOfRange) {
            throw RefusedRequestException.invalid(null, outOfRange.getMessage());
        }
    }

    private static ChatRequest withOptions(ChatRequest.Builder chat, RequestFields fields) {
        zero(fields, "presence_penalty");
        zero(fields, "frequency_penalty");
        long anySeed = ThreadLocalRandom.current().nextLong();
        chat.temperature(fields.number("temperature", 1))
                .topP(fields.number("top_p", 1))
                .topK((int) fields.whole("top_k", 0, Integer.MAX_VALUE, 0))
                .repetitionPenalty(fields.number("repetition_penalty", 1))
                .seed(fields.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE, anySeed));
        stops(fields).forEach(chat::stop);
        return chat.build();
    }

    private static void zero(RequestFields fields, String name) {
        fields.require(fields.number(name, 0) == 0, name, "0, since nothing else is supported");
    }

    private static List<String> stops(RequestFields fields) {
        JsonNode stop = fields.any("stop");
        if (stop == null) {
            return List.of();
        }
        List<JsonNode> stops = stop.isArray() ? List.copyOf(stop.values()) : List.of(stop);
        fields.require(stops.stream().allMatch(JsonNode::isString), "stop", "a string or an array of strings");
        return stops.stream().map(JsonNode::stringValue).toList();
    }

    private static boolean includeUsage(RequestFields fields) {
        RequestFields options = fields.object("stream_options");
        if (options == null) {
            return false;
        }
        boolean includeUsage = options.flag("include_usage");
        options.ignore("include_obfuscation");
        options.refuseOthers();
        return includeUsage;
    }

    private static void add(ChatRequest.Builder chat, RequestFields fields) {
        String role = fields.text("role");
        JsonNode content = fields.any("content");
        String text = content != null && content.isArray() ? parts(fields) : fields.text("content");
        fields.ignore("name", "refusal");
        fields.neutral("tool_calls", "[]");
        fields.refuseOthers();
        chat.message("developer".equals(role) ? "system" : role, text);
    }

    private static String parts(RequestFields message) {
        return message.objects("content", MOST_PARTS).stream()
                .map(part -> {
                    part.require("text".equals(part.text("type")), "type", "text: nothing else can be read");
                    String text = part.text("text");
                    part.require(text != null, "text", "a string");
                    part.refuseOthers();
                    return text;
                })
                .collect(Collectors.joining());
    }
}
