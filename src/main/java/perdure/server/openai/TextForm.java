package perdure.server.openai;

import java.util.List;
import java.util.stream.Stream;
import perdure.chat.ChatRequest;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/completions}. */
final class TextForm {

    private static final int TOKENS = 16;
    private static final int MOST_LOGPROBS = 5;

    private TextForm() {}

    static CompletionRequest read(RequestFields fields, String model) {
        List<String> texts = texts(fields);
        int most = ChatRequest.MOST_CHOICES / texts.size();
        int choices = CompletionRequest.choices(fields, most);
        int all = choices * texts.size();
        boolean logprobs = fields.any("logprobs") != null;
        int likeliest = CompletionRequest.likeliest(fields, "logprobs", MOST_LOGPROBS, all);
        ChatRequest.Builder chat =
                ChatRequest.completions(texts).maximumTokens(CompletionRequest.tokens(fields, "max_tokens", TOKENS));
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
                new CompletionWriter(CompletionWriter.Form.TEXT, model, all, logprobs, includeUsage));
    }

    private static List<String> texts(RequestFields fields) {
        JsonNode prompt = fields.any("prompt");
        List<JsonNode> texts = prompt == null || prompt.isString()
                ? Stream.ofNullable(prompt).toList()
                : fields.list("prompt", ChatRequest.MOST_CHOICES);
        fields.require(
                !texts.isEmpty() && texts.stream().allMatch(JsonNode::isString),
                "prompt",
                "a string or an array of strings");
        return texts.stream().map(JsonNode::stringValue).toList();
    }
}
