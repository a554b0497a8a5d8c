package perdure.server.openai;

import java.util.ArrayList;
import java.util.List;
import perdure.chat.ChatRequest;
import tools.jackson.databind.JsonNode;

/** The body of {@code POST /v1/responses}: a text or a list of items, and what to go on from. */
final class ResponseForm {

    static final String RESPONSE = "resp_";
    static final String MESSAGE = "msg_";

    private static final int TOKENS = 512;
    private static final int MOST_ITEMS = 10_000;
    private static final int MOST_LOGPROBS = 20;
    private static final int MOST_INCLUDED = 100;
    private static final String LOGPROBS = "message.output_text.logprobs";
    private static final List<String> PARTS = List.of("input_text", "output_text", "text");

    private ResponseForm() {}

    static CompletionRequest read(RequestFields fields, String model, ResponseMemory memory) {
        List<Turn> turns = new ArrayList<>(previous(fields, memory));
        turns.addAll(input(fields, memory));
        ChatRequest.Builder chat = ChatRequest.answer();
        String instructions = fields.text("instructions");
        if (instructions != null) {
            chat.message("system", instructions);
        }
        turns.forEach(turn -> chat.message(turn.role(), turn.text()));
        chat.maximumTokens(CompletionRequest.tokens(fields, "max_output_tokens", TOKENS));
        CompletionRequest.withOptions(chat, fields);
        boolean logprobs = logprobs(chat, fields);
        takeTheRest(chat, fields);
        CompletionRequest.includeUsage(fields);
        boolean kept = fields.any("store") == null || fields.flag("store");
        return new CompletionRequest(
                chat.build(),
                fields.flag("stream"),
                "input",
                new ResponseWriter(model, fields, logprobs, turns, kept ? memory : null));
    }

    private static List<Turn> previous(RequestFields fields, ResponseMemory memory) {
        String id = fields.text("previous_response_id");
        if (id == null) {
            return List.of();
        }
        return remembered(memory, RESPONSE, id, "previous_response_id", "previous_response_not_found");
    }

    private static List<Turn> remembered(
            ResponseMemory memory, String prefix, String id, String parameter, String code) {
        List<Turn> turns =
                id != null && id.startsWith(prefix) ? memory.conversation(id.substring(prefix.length())) : null;
        if (turns == null) {
            throw RefusedRequestException.forgotten(parameter, code, id);
        }
        return turns;
    }

    private static List<Turn> input(RequestFields fields, ResponseMemory memory) {
        JsonNode input = fields.any("input");
        fields.require(
                input != null && (input.isString() || input.isArray()), "input", "a string or an array of items");
        if (input.isString()) {
            return List.of(new Turn("user", input.stringValue()));
        }
        List<Turn> turns = new ArrayList<>();
        for (RequestFields item : fields.objects("input", MOST_ITEMS)) {
            String type = item.text("type");
            if ("item_reference".equals(type) || type == null && item.any("role") == null && item.any("id") != null) {
                turns.add(referred(item, memory));
            } else if (!"reasoning".equals(type)) { // What another model thought is not for this one.
                item.require(
                        type == null || type.equals("message"),
                        "type",
                        "message, item_reference or reasoning: nothing else can be read");
                turns.add(Turn.read(item, PARTS));
            }
        }
        fields.require(!turns.isEmpty(), "input", "a string or an array with at least one message");
        return turns;
    }

    private static Turn referred(RequestFields item, ResponseMemory memory) {
        List<Turn> turns = remembered(memory, MESSAGE, item.text("id"), item.path("id"), null);
        item.refuseOthers();
        return turns.get(turns.size() - 1);
    }

    private static boolean logprobs(ChatRequest.Builder chat, RequestFields fields) {
        List<JsonNode> include = fields.list("include", MOST_INCLUDED);
        // What else can be included belongs to tools and reasoning, of which there are none.
        fields.require(include.stream().allMatch(JsonNode::isString), "include", "an array of strings");
        int likeliest = CompletionRequest.likeliest(fields, "top_logprobs", MOST_LOGPROBS, 1);
        boolean wanted = likeliest > 0 || include.stream().anyMatch(name -> LOGPROBS.equals(name.stringValue()));
        if (wanted) {
            chat.logprobs(likeliest);
        }
        return wanted;
    }

    /** The form of the text, and what asks for nothing. */
    private static void takeTheRest(ChatRequest.Builder chat, RequestFields fields) {
        RequestFields text = fields.object("text");
        chat.format(ResponseFormat.ofResponse(text));
        if (text != null) {
            text.text("verbosity");
            text.refuseOthers();
        }
        RequestFields reasoning = fields.object("reasoning");
        if (reasoning != null) {
            reasoning.text("effort");
            reasoning.ignore("summary", "generate_summary", "mode", "context");
            reasoning.refuseOthers();
        }
        fields.neutral("background", "false");
        fields.neutral("tools", "[]");
        fields.neutral("tool_choice", "\"none\"", "\"auto\"");
        fields.flag("parallel_tool_calls");
        fields.text("service_tier");
        fields.ignore(
                "max_tool_calls",
                "metadata",
                "safety_identifier",
                "prompt_cache_key",
                "prompt_cache_options",
                "prompt_cache_retention");
    }
}
