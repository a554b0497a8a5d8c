package perdure.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import perdure.chat.ChatAnswer;
import perdure.chat.Completion;
import perdure.chat.Completion.Choice;
import perdure.chat.Completion.Piece;
import perdure.chat.Completion.TokenScore;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** An answer as a response with one message, whole or as the events that build it up. */
final class ResponseWriter implements AnswerWriter {

    private static final String INCOMPLETE = "incomplete";
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final String key = UUID.randomUUID().toString().replace("-", "");
    private final long created = System.currentTimeMillis() / 1_000;
    private final String model;
    private final RequestFields asked;
    private final boolean logprobs;
    private final List<Turn> turns;
    private final ResponseMemory memory;

    private int sequence;

    /**
     * @param asked the request, of which a response repeats the settings
     * @param logprobs whether log probabilities were asked for
     * @param turns the conversation without the instructions
     * @param memory where the conversation is kept, or null
     */
    ResponseWriter(String model, RequestFields asked, boolean logprobs, List<Turn> turns, ResponseMemory memory) {
        this.model = model;
        this.asked = asked;
        this.logprobs = logprobs;
        this.turns = List.copyOf(turns);
        this.memory = memory;
    }

    @Override
    public ObjectNode whole(ChatAnswer answer) {
        Choice choice = answer.completion().choices().get(0);
        if (memory != null) {
            List<Turn> conversation = new ArrayList<>(turns);
            conversation.add(new Turn("assistant", choice.text()));
            memory.keep(key, conversation);
        }
        ObjectNode response = response(status(choice));
        response.withArray("output").add(message(status(choice), part(choice.text(), choice.scores())));
        if (status(choice).equals(INCOMPLETE)) {
            response.putObject("incomplete_details").put("reason", "max_output_tokens");
        }
        response.set("usage", usage(answer.completion()));
        return AnswerWriter.source(response, answer);
    }

    @Override
    public List<Event> opening() {
        ObjectNode item = event("response.output_item.added");
        return List.of(
                sent(event("response.created").set("response", response("in_progress"))),
                sent(event("response.in_progress").set("response", response("in_progress"))),
                sent(item.put("output_index", 0).set("item", message("in_progress", null))),
                sent(inText("response.content_part.added").set("part", part("", List.of()))));
    }

    @Override
    public List<Event> piece(Piece piece) {
        return List.of(sent(inText("response.output_text.delta")
                .put("delta", piece.text())
                .set("logprobs", scores(piece.scores()))));
    }

    @Override
    public List<Event> ending(ChatAnswer answer) {
        Choice choice = answer.completion().choices().get(0);
        ObjectNode part = part(choice.text(), choice.scores());
        return List.of(
                sent(inText("response.output_text.done")
                        .put("text", choice.text())
                        .set("logprobs", scores(choice.scores()))),
                sent(inText("response.content_part.done").set("part", part)),
                sent(event("response.output_item.done")
                        .put("output_index", 0)
                        .set("item", message(status(choice), part))),
                sent(event("response." + status(choice)).set("response", whole(answer))));
    }

    @Override
    public List<Event> failure(Responses.Problem problem) {
        ObjectNode error = event("error")
                .put("code", problem.code())
                .put("message", problem.message())
                .put("param", problem.param());
        ObjectNode response = response("failed");
        response.putObject("error").put("code", "server_error").put("message", problem.message());
        return List.of(sent(error), sent(event("response.failed").set("response", response)));
    }

    private ObjectNode event(String type) {
        return MAPPER.createObjectNode().put("type", type);
    }

    private ObjectNode inText(String type) {
        return event(type)
                .put("item_id", ResponseForm.MESSAGE + key)
                .put("output_index", 0)
                .put("content_index", 0);
    }

    /** Numbers an event as it is sent. */
    private Event sent(ObjectNode event) {
        String type = event.get("type").stringValue();
        return new Event(type, event.put("sequence_number", sequence++).toString());
    }

    private ObjectNode response(String status) {
        ObjectNode response = MAPPER.createObjectNode()
                .put("id", ResponseForm.RESPONSE + key)
                .put("object", "response")
                .put("created_at", created)
                .put("status", status)
                .put("model", model)
                .put("background", false)
                .put("store", memory != null)
                .putNull("error")
                .putNull("incomplete_details")
                .putNull("usage");
        response.putArray("output");
        response.putArray("tools");
        repeat(response, "instructions", "null");
        repeat(response, "max_output_tokens", "null");
        repeat(response, "max_tool_calls", "null");
        repeat(response, "metadata", "{}");
        repeat(response, "parallel_tool_calls", "true");
        repeat(response, "previous_response_id", "null");
        repeat(response, "reasoning", "{\"effort\":null,\"summary\":null}");
        repeat(response, "service_tier", "\"default\"");
        repeat(response, "temperature", "1.0");
        repeat(response, "text", "{\"format\":{\"type\":\"text\"}}");
        repeat(response, "tool_choice", "\"auto\"");
        repeat(response, "top_logprobs", "0");
        repeat(response, "top_p", "1.0");
        repeat(response, "truncation", "\"disabled\"");
        repeat(response, "user", "null");
        return response;
    }

    /** Repeats a setting of the request, or its default. */
    private void repeat(ObjectNode response, String name, String absent) {
        JsonNode given = asked.any(name);
        response.set(name, given == null ? MAPPER.readTree(absent) : given);
    }

    /** @param part null if it has not begun */
    private ObjectNode message(String status, ObjectNode part) {
        ObjectNode message = MAPPER.createObjectNode()
                .put("id", ResponseForm.MESSAGE + key)
                .put("type", "message")
                .put("status", status)
                .put("role", "assistant");
        ArrayNode content = message.putArray("content");
        if (part != null) {
            content.add(part);
        }
        return message;
    }

    private ObjectNode part(String text, List<TokenScore> scores) {
        ObjectNode part = MAPPER.createObjectNode().put("type", "output_text").put("text", text);
        part.putArray("annotations");
        part.set("logprobs", scores(scores));
        return part;
    }

    private ArrayNode scores(List<TokenScore> scores) {
        return Logprobs.list(logprobs ? scores : List.of());
    }

    private static String status(Choice choice) {
        return choice.finish().equals("length") ? INCOMPLETE : "completed";
    }

    private static ObjectNode usage(Completion completion) {
        int read = completion.promptTokens();
        int written = completion.completionTokens();
        ObjectNode usage = MAPPER.createObjectNode()
                .put("input_tokens", read)
                .put("output_tokens", written)
                .put("total_tokens", read + written);
        usage.putObject("input_tokens_details").put("cached_tokens", 0).put("cache_write_tokens", 0);
        usage.putObject("output_tokens_details").put("reasoning_tokens", 0);
        return usage;
    }
}
