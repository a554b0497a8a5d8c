package perdure.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import perdure.chat.ChatAnswer;
import perdure.chat.Completion;
import perdure.chat.Completion.Choice;
import perdure.chat.Completion.Piece;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An answer as the next message of a conversation or as the continuation of a text. Besides OpenAI's fields it names the
 * {@code checkpoint} that it came from, which is also its fingerprint.
 */
final class CompletionWriter implements AnswerWriter {

    private static final Event DONE = new Event(null, "[DONE]");
    private static final JsonMapper MAPPER = JsonMapper.shared();

    /** What the two forms call themselves. */
    enum Form {
        CHAT("chatcmpl-", "chat.completion", "chat.completion.chunk"),
        TEXT("cmpl-", "text_completion", "text_completion");

        private final String idPrefix;
        private final String whole;
        private final String chunk;

        Form(String idPrefix, String whole, String chunk) {
            this.idPrefix = idPrefix;
            this.whole = whole;
            this.chunk = chunk;
        }
    }

    private final Form form;
    private final String model;
    private final int choices;
    private final boolean includeUsage;
    private final String id;
    private final long created = System.currentTimeMillis() / 1_000;
    /** Of each choice. */
    private final List<Logprobs> logprobs;

    /**
     * @param model the name that the request asked for
     * @param choices how many answers there will be
     * @param logprobs whether log probabilities were asked for
     * @param includeUsage whether a stream ends with the numbers of tokens
     */
    CompletionWriter(Form form, String model, int choices, boolean logprobs, boolean includeUsage) {
        this.form = form;
        this.model = model;
        this.choices = choices;
        this.includeUsage = includeUsage;
        this.id = form.idPrefix + UUID.randomUUID();
        this.logprobs = logprobs
                ? IntStream.range(0, choices).mapToObj(index -> new Logprobs()).toList()
                : List.of();
    }

    @Override
    public ObjectNode whole(ChatAnswer answer) {
        ObjectNode envelope = envelope(form.whole);
        List<Choice> answers = answer.completion().choices();
        for (int index = 0; index < answers.size(); index++) {
            Choice choice = answers.get(index);
            ObjectNode written = choice(index, choice.finish(), logprobs(index, choice.scores()));
            if (form == Form.CHAT) {
                written.putObject("message")
                        .put("role", "assistant")
                        .put("content", choice.text())
                        .putNull("refusal");
            } else {
                written.put("text", choice.text());
            }
            envelope.withArray("choices").add(written);
        }
        return source(envelope, answer).set("usage", usage(answer.completion()));
    }

    /** The chunks that say who speaks, if there are roles. */
    @Override
    public List<Event> opening() {
        return IntStream.range(0, choices)
                .mapToObj(index -> chunk(
                        choice(index, null, null),
                        "",
                        delta().put("role", "assistant").put("content", "")))
                .map(Event::of)
                .toList();
    }

    @Override
    public List<Event> piece(Piece piece) {
        ObjectNode choice = choice(piece.choice(), null, logprobs(piece.choice(), piece.scores()));
        return List.of(Event.of(chunk(choice, piece.text(), delta().put("content", piece.text()))));
    }

    /** For each choice the chunk that says why it ended, then the numbers of tokens if they were asked for. */
    @Override
    public List<Event> ending(ChatAnswer answer) {
        List<Event> events = new ArrayList<>();
        List<Choice> answers = answer.completion().choices();
        for (int index = 0; index < answers.size(); index++) {
            ObjectNode choice = choice(index, answers.get(index).finish(), null);
            events.add(Event.of(source(chunk(choice, "", delta()), answer)));
        }
        if (includeUsage) {
            events.add(Event.of(source(envelope(form.chunk), answer).set("usage", usage(answer.completion()))));
        }
        events.add(DONE);
        return events;
    }

    @Override
    public List<Event> failure(Responses.Problem problem) {
        return List.of(Event.of(MAPPER.createObjectNode().set("error", MAPPER.valueToTree(problem))), DONE);
    }

    private JsonNode logprobs(int choice, List<Completion.TokenScore> scores) {
        if (logprobs.isEmpty()) {
            return null;
        }
        return form == Form.CHAT
                ? MAPPER.createObjectNode()
                        .<ObjectNode>set("content", Logprobs.list(scores))
                        .putNull("refusal")
                : logprobs.get(choice).columns(scores);
    }

    private static ObjectNode delta() {
        return MAPPER.createObjectNode();
    }

    /**
     * @param text what is new, in the form for texts
     * @param delta what is new, in the form for chats
     */
    private ObjectNode chunk(ObjectNode choice, String text, ObjectNode delta) {
        if (form == Form.CHAT) {
            choice.set("delta", delta);
        } else {
            choice.put("text", text);
        }
        ObjectNode envelope = envelope(form.chunk);
        envelope.withArray("choices").add(choice);
        return envelope;
    }

    private static ObjectNode choice(int index, String finish, JsonNode logprobs) {
        return MAPPER.createObjectNode()
                .put("index", index)
                .put("finish_reason", finish)
                .set("logprobs", logprobs);
    }

    private ObjectNode envelope(String object) {
        ObjectNode envelope = MAPPER.createObjectNode()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", model);
        envelope.putArray("choices");
        return envelope;
    }

    private static ObjectNode source(ObjectNode envelope, ChatAnswer answer) {
        return AnswerWriter.source(
                envelope.put("system_fingerprint", answer.checkpoint().name()), answer);
    }

    private static ObjectNode usage(Completion completion) {
        int read = completion.promptTokens();
        int written = completion.completionTokens();
        return MAPPER.createObjectNode()
                .put("prompt_tokens", read)
                .put("completion_tokens", written)
                .put("total_tokens", read + written);
    }
}
