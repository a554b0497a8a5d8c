package perdure.server.openai;

import perdure.chat.ChatRequest;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/completions}. */
final class TextForm {

    private static final int TOKENS = 16;
    private static final int MOST_LOGPROBS = 5;

    private TextForm() {}

    static CompletionRequest read(RequestFields fields, String model) {
        JsonNode prompt = fields.any("prompt");
        JsonNode text = prompt != null && prompt.isArray() && prompt.size() == 1 ? prompt.get(0) : prompt;
        fields.require(text != null && text.isString(), "prompt", "a string");
        int choices = CompletionRequest.choices(fields);
        boolean logprobs = fields.any("logprobs") != null;
        int likeliest = CompletionRequest.likeliest(fields, "logprobs", MOST_LOGPROBS, choices);
        ChatRequest.Builder chat = ChatRequest.completion(text.stringValue())
                .maximumTokens(CompletionRequest.tokens(fields, "max_tokens", TOKENS));
        if (logprobs) {
            chat.logprobs(likeliest);
        }
        CompletionRequest.withOptions(chat, fields).choices(choices);
        CompletionRequest.stops(chat, fields);
        fields.neutral("echo", "false");
        fields.neutral("best_of", "1", Integer.toString(choices));
        fields.neutral("suffix", "\"\"");
        boolean stream = fields.flag("stream");
        boolean includeUsage = CompletionRequest.includeUsage(fields);
        return new CompletionRequest(
                chat.build(),
                stream,
                "prompt",
                new CompletionWriter(CompletionWriter.Form.TEXT, model, choices, logprobs, includeUsage));
    }
}
