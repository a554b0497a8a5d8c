package perdure.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import perdure.data.JsonValues.Literal;
import perdure.tokenizer.ChatMessage;

/**
 * The forms in which people have documents, each turned into passages: text, lists of messages, ShareGPT's
 * conversations, and a prompt with its answer under the names that are usual. Upper and lower case of a key are the same.
 *
 * <p>What is not used is remembered by its key. Problems are {@link RowException}s.
 */
final class Dialect {

    private static final String[] MESSAGES = {"messages", "conversations", "conversation"};
    private static final String[] PROMPT = {"prompt", "instruction", "question", "query"};
    private static final String[] INPUT = {"input", "context"};
    private static final String[] ANSWER = {"completion", "output", "response", "answer", "chosen"};
    /** Keys of rows for KTO: whether the answer is a good one. The first one has other meanings too. */
    private static final String LABEL = "label";

    private static final String KTO_TAG = "kto_tag";
    private static final String[] SYSTEM = {"system", "system_prompt"};
    /** Of a message, for chat templates alone. */
    private static final List<String> TEMPLATE_KEYS = List.of("reasoning_content", "name", "tool_call_id");

    /** All that a row can have of use. */
    static final Set<String> KEYS = Stream.of(MESSAGES, PROMPT, INPUT, ANSWER, SYSTEM, new String[] {
                "text", "content", LABEL, KTO_TAG, Passage.TOOLS
            })
            .flatMap(Stream::of)
            .collect(Collectors.toSet());

    private final boolean former;
    private final Set<String> unused = new LinkedHashSet<>();

    /** @param former whether text has precedence before all but {@code messages}, as it had in version 0.1.0 */
    Dialect(boolean former) {
        this.former = former;
    }

    /** The keys that the last row had and that nobody used. */
    Set<String> unused() {
        return unused;
    }

    /** The passages of one row. It is a text, a list of messages, or an object. */
    List<Passage> passages(Object row) {
        unused.clear();
        if (row instanceof String text) {
            return List.of(Passage.text(text, true));
        }
        if (row instanceof List<?> messages) {
            return conversation(messages);
        }
        if (row instanceof Map<?, ?> object) {
            Fields fields = new Fields(object);
            List<Passage> passages = passages(fields);
            unused.addAll(fields.rest());
            return passages;
        }
        throw new RowException("is neither an object nor a text.");
    }

    private List<Passage> passages(Fields row) {
        if (former && row.has("text") && !row.has("messages")) {
            return List.of(Passage.text(row.text("text"), true));
        }
        requireGoodAnswer(row, KTO_TAG);
        if (row.has(MESSAGES)) {
            return withTools(row, withSystem(row, conversation(row.list(MESSAGES))));
        }
        if (row.has("text")) {
            return List.of(Passage.text(row.text("text"), true));
        }
        String[] asked = row.has(PROMPT) ? PROMPT : INPUT;
        if (row.has(asked) && row.has(ANSWER)) {
            return withTools(row, withSystem(row, answered(row, asked)));
        }
        if (row.has("chosen")) {
            return conversation(row.list("chosen"));
        }
        if (row.has("content")) {
            return List.of(Passage.text(row.text("content"), true));
        }
        throw new RowException("has no text: none of text, messages, conversations, prompt with completion,"
                + " instruction with output, question with answer, or content"
                + (row.rest().isEmpty() ? "." : ", but " + Quoted.line(String.join(", ", row.rest())) + "."));
    }

    /** Rows for KTO say by a truth value whether their answer is a good one. */
    private void requireGoodAnswer(Fields row, String key) {
        Object label = row.take(key);
        String said = label instanceof Literal literal ? literal.text() : String.valueOf(label);
        if (said.equalsIgnoreCase("false")) {
            throw new RowException("has the " + key + " false: its answer is not a good one, and would be learned.");
        }
        if (label != null && !said.equalsIgnoreCase("true")) {
            unused.add(key);
        }
    }

    private List<Passage> answered(Fields row, String[] asked) {
        requireGoodAnswer(row, LABEL);
        String question = row.first(asked);
        Object prompt = row.take(question);
        String answered = row.first(ANSWER);
        Object answer = row.take(answered);
        List<Message> messages = new ArrayList<>();
        if (prompt instanceof List<?> turns) {
            messages.addAll(messages(turns));
        } else {
            String input = asked == PROMPT && row.has(INPUT) ? row.text(INPUT) : "";
            String text = Fields.requireText(prompt, question);
            messages.add(new Message(ChatMessage.USER, input.isBlank() ? text : text + "\n\n" + input, false));
        }
        if (answer instanceof List<?> turns) {
            List<Message> answers = messages(turns);
            if (!answers.get(0).role().equals(ChatMessage.ASSISTANT)) {
                messages.clear(); // The answer is a whole conversation that begins with the prompt.
            }
            messages.addAll(answers);
        } else {
            messages.add(new Message(ChatMessage.ASSISTANT, Fields.requireText(answer, answered), true));
        }
        return passages(messages);
    }

    private List<Passage> withSystem(Fields row, List<Passage> passages) {
        if (!row.has(SYSTEM) || passages.get(0).role().equals(ChatMessage.SYSTEM)) {
            return passages;
        }
        String system = row.text(SYSTEM);
        if (system.isBlank()) { // as tables have it where a row has none
            return passages;
        }
        List<Passage> whole = new ArrayList<>();
        whole.add(new Passage(ChatMessage.SYSTEM, system, false, false));
        whole.addAll(passages);
        return whole;
    }

    /** With the tools that may be called, which chat templates alone have a place for. */
    private List<Passage> withTools(Fields row, List<Passage> passages) {
        Object given = row.take(Passage.TOOLS);
        Object tools = given instanceof String text ? JsonValues.only(text) : given;
        if (!(tools instanceof List<?> list)) {
            if (given != null && !given.equals("")) {
                unused.add(Passage.TOOLS + " that are not a list");
            }
            return passages;
        }
        if (list.isEmpty()) {
            return passages;
        }
        forTemplates(Passage.TOOLS);
        List<Passage> whole = new ArrayList<>(passages);
        Passage first = whole.get(0);
        Map<String, Object> fields = new LinkedHashMap<>(first.fields());
        fields.put(Passage.TOOLS, JsonValues.plain(list));
        whole.set(0, new Passage(first.role(), first.text(), first.endsDocument(), first.learned(), fields));
        return whole;
    }

    private void forTemplates(String key) {
        unused.add(key + " (except by chat templates)");
    }

    private List<Passage> conversation(List<?> turns) {
        return passages(messages(turns));
    }

    private record Message(String role, String content, boolean learned, Map<String, Object> fields) {
        Message(String role, String content, boolean learned) {
            this(role, content, learned, Map.of());
        }
    }

    private static List<Passage> passages(List<Message> messages) {
        List<Passage> passages = new ArrayList<>();
        for (Message message : messages) {
            boolean last = passages.size() == messages.size() - 1;
            passages.add(new Passage(message.role(), message.content(), last, message.learned(), message.fields()));
        }
        return passages;
    }

    private List<Message> messages(List<?> turns) {
        if (turns.isEmpty()) {
            throw new RowException("has no messages.");
        }
        List<Message> messages = new ArrayList<>();
        for (Object turn : turns) {
            if (!(turn instanceof Map<?, ?> object)) {
                throw RowException.not("the message", turn, "an object with a role and content");
            }
            Fields fields = new Fields(object);
            messages.add(message(fields));
            unused.addAll(fields.rest());
        }
        return messages;
    }

    /** Whether an object is a message and not a row: whether it says whose it is. */
    static boolean isMessage(Map<?, ?> object) {
        return object.keySet().stream()
                .map(String::valueOf)
                .anyMatch(key -> key.equalsIgnoreCase("role") || key.equalsIgnoreCase("from"));
    }

    private Message message(Fields turn) {
        if (!turn.has("role", "from")) {
            throw new RowException("has a message without a role" + butWith(turn));
        }
        String said = turn.text("role", "from");
        String role = role(said);
        Object given = turn.take("content", "value");
        boolean mayCall = said.strip().equalsIgnoreCase("function_call");
        Object call = mayCall && given instanceof String text ? JsonValues.only(text) : given;
        boolean called = mayCall && (call != null || !(given instanceof String));
        List<?> calls = ToolCalls.of(called ? call : turn.take("tool_calls", "function_call"));
        String content = called && !calls.isEmpty() ? "" : content(turn, role, given, !calls.isEmpty());
        Object weight = turn.take("weight");
        boolean learned = role.equals(ChatMessage.ASSISTANT) && isLearned(weight);
        Map<String, Object> fields = new LinkedHashMap<>();
        for (String key : TEMPLATE_KEYS) {
            Object value = turn.take(key);
            if (value instanceof String text) {
                fields.put(key, text);
                forTemplates(key);
            } else if (value != null) {
                unused.add(key + " that is not text");
            }
        }
        if (calls.isEmpty()) {
            return new Message(role, content, learned, fields);
        }
        fields.put("content", given == null ? null : content);
        fields.put("tool_calls", JsonValues.plain(calls));
        return new Message(role, ToolCalls.appended(content, calls), learned, fields);
    }

    /** The weight of an answer is 1 or 0, or a truth value, or one of these as text. */
    private static boolean isLearned(Object weight) {
        Literal value = weight instanceof String text
                ? new Literal(text.strip())
                : weight instanceof Literal literal ? literal : null;
        if (weight == null || value != null && value.isOne()) {
            return true;
        }
        if (value == null || !value.isZero()) {
            throw new RowException(
                    "has the weight " + Quoted.word(JsonValues.json(weight)) + ", which is neither 0 nor 1.");
        }
        return false;
    }

    private static String role(String said) {
        return switch (said.strip().toLowerCase(Locale.ROOT)) {
            case "system", "developer" -> ChatMessage.SYSTEM;
            case "user", "human", "prompter" -> ChatMessage.USER;
            case "assistant", "gpt", "chatgpt", "model", "bot", "ai", "function_call" -> ChatMessage.ASSISTANT;
            case "tool", "function", "observation", "ipython" -> ChatMessage.TOOL;
            default ->
                throw new RowException("has the role \"" + Quoted.word(said)
                        + "\", which is none of system, developer, user, assistant, tool and function.");
        };
    }

    /** The other keys of a message that lacks one, since one of them may be it under another name. */
    private static String butWith(Fields turn) {
        return turn.rest().isEmpty() ? "." : ", but with " + Quoted.line(String.join(", ", turn.rest())) + ".";
    }

    private String content(Fields turn, String role, Object content, boolean called) {
        if (content instanceof String text) {
            return text;
        }
        if (content instanceof List<?> parts
                && parts.stream().allMatch(part -> part instanceof Map || part instanceof String)) {
            List<String> texts =
                    parts.stream().map(this::part).filter(Objects::nonNull).toList();
            if (texts.isEmpty() && !called && role.equals(ChatMessage.ASSISTANT)) {
                throw RowException.not("the answer", parts, "text"); // An empty one would be learned.
            }
            return String.join("", texts);
        }
        if (content == null && called) {
            return "";
        }
        if (content != null && role.equals(ChatMessage.TOOL)) {
            return JsonValues.json(content);
        }
        if (content == null) {
            throw new RowException("has a message of the role " + role + " without content" + butWith(turn));
        }
        throw RowException.not("the content", content, "text");
    }

    /** The text of a part; null if it is of a kind that is not used. */
    private String part(Object part) {
        if (part instanceof String text) {
            return text;
        }
        Fields fields = new Fields((Map<?, ?>) part);
        String type = fields.has("type") ? fields.text("type") : "text";
        if (fields.has("text") && type.endsWith("text")) {
            return fields.text("text");
        }
        unused.add(type + " parts");
        return null;
    }
}
