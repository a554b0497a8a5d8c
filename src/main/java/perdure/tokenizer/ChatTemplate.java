package perdure.tokenizer;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import perdure.template.Rendered;
import perdure.template.Rendered.Span;
import perdure.template.Template;
import perdure.template.TemplateException;

/**
 * Conversations as token ids: what the chat template of a tokenizer makes of them, as transformers' {@code
 * apply_chat_template} does. Training, chat and the server use it alike. The special tokens are those that the template
 * writes; where a message spells one, it is plain text.
 *
 * <p>Safe for several threads, as its tokenizer is.
 */
public final class ChatTemplate {

    /**
     * The day of training, for templates that write a date. A run that is stopped and goes on another day must see the
     * same tokens. It is the one that Llama 3's template has where no clock is.
     */
    private static final LocalDateTime TRAINING_DAY = LocalDateTime.of(2024, 7, 26, 0, 0);

    private static final Pattern MARKS = Pattern.compile("\\{%[-+]?\\s*generation\\s*[-+]?%\\}");
    /** Characters of a template's words that are passed on. They may repeat a message. */
    private static final int LONGEST_REFUSAL = 400;

    private static final String TOOL_CALLS = "tool_calls";
    private static final String CONTENT = "content";

    private final Tokenizer tokenizer;
    private final Template usual;
    private final Template withTools;
    private final boolean marks;
    private final boolean calls;
    private final Pattern hidden;

    /**
     * A conversation, or a part of it that ends with an answer, as token ids.
     *
     * @param learned which of them the loss on assistant turns counts
     */
    public record Sample(int[] ids, BitSet learned) {}

    /** @throws ChatTemplateException if the tokenizer has no chat template, or one that cannot be parsed */
    public ChatTemplate(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        Map<String, String> templates = tokenizer.chatTemplates();
        String source = templates.get(TokenizerConfig.DEFAULT);
        if (source == null) {
            throw new ChatTemplateException(
                    "The model has no chat template: it can continue a text, but not converse.");
        }
        usual = parsed(source);
        withTools = templates.containsKey("tool_use") ? parsed(templates.get("tool_use")) : usual;
        marks = MARKS.matcher(source).find();
        calls = String.join("", templates.values()).contains(TOOL_CALLS);
        hidden = RenderedText.finder(tokenizer.specials().stream()
                .filter(special -> !looksFor(source, special))
                .toList());
    }

    private static Template parsed(String source) {
        try {
            return Template.parse(source);
        } catch (TemplateException problem) {
            throw new ChatTemplateException(
                    "The chat template of the model cannot be used: " + problem.getMessage(), problem);
        }
    }

    /** Whether a template looks for a token in messages, as many do for the end of a thought: then it must find it. */
    private static boolean looksFor(String source, String token) {
        String quoted = "['\"]" + Pattern.quote(token) + "['\"]";
        return Pattern.compile(quoted + "\\s*(not\\s+)?in\\s|(split|startswith|endswith|replace)\\(\\s*" + quoted)
                .matcher(source)
                .find();
    }

    /**
     * The ids of a conversation and of what begins its next answer.
     *
     * @param now what a template that writes the date is told
     * @throws ChatTemplateException if the template refuses the conversation, or does not come to an end
     */
    public int[] prompt(List<ChatMessage> messages, LocalDateTime now) {
        Conversation conversation = new Conversation(messages, List.of(), now);
        String text = conversation.render(messages.size(), true).text();
        return tokenizer.encodeRendered(text, conversation.mark, List.of()).ids();
    }

    /**
     * The ids of a conversation to learn from, with what the assistant says: the parts that the template marks with {@code
     * generation}, else what an answer adds to the text before it. Where a template changes earlier parts as a conversation
     * goes on, so that this is not at its end, each answer is a sample of its own.
     *
     * @param tools that the assistant may call, as the template writes them; may be empty
     * @param learned whether the answer at an index of the messages is to be learned
     * @throws ChatTemplateException if the template refuses the conversation, does not come to an end, or if nobody can
     *     tell what the assistant says
     */
    public List<Sample> samples(List<ChatMessage> messages, List<?> tools, IntPredicate learned) {
        Conversation conversation = new Conversation(messages, tools, TRAINING_DAY);
        List<Sample> samples = new ArrayList<>();
        for (Text text : conversation.texts(learned)) {
            Tokenizer.Encoded encoded = tokenizer.encodeRendered(text.text(), conversation.mark, text.learned());
            BitSet counted = new BitSet();
            encoded.ranges().forEach(range -> counted.set(range[0], range[1]));
            samples.add(new Sample(encoded.ids(), counted));
        }
        return samples;
    }

    /** Renders a conversation as {@link #samples} does, to find out whether it can, and whether it has text to learn. */
    public boolean check(List<ChatMessage> messages, List<?> tools, IntPredicate learned) {
        return new Conversation(messages, tools, TRAINING_DAY)
                .texts(learned).stream()
                        .flatMap(text -> text.learned().stream())
                        .anyMatch(span -> span.start() < span.end());
    }

    private record Text(String text, List<Span> learned) {}

    /** One conversation, whose messages are marked where they spell special tokens. */
    private final class Conversation {
        private final List<ChatMessage> messages;
        private final LocalDateTime now;
        private final char mark;
        private final List<Map<String, Object>> shown = new ArrayList<>();
        private final Object tools;

        private Conversation(List<ChatMessage> messages, List<?> tools, LocalDateTime now) {
            this.messages = messages;
            this.now = now;
            List<String> texts = new ArrayList<>();
            messages.forEach(message -> {
                texts.add(message.content());
                collect(message.fields(), texts);
            });
            collect(tools, texts);
            this.mark = RenderedText.mark(texts);
            messages.forEach(message -> shown.add(shown(message)));
            this.tools = tools.isEmpty() ? null : marked(tools);
        }

        private Map<String, Object> shown(ChatMessage message) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("role", message.role());
            fields.put(CONTENT, marked(message.content()));
            message.fields().forEach((name, value) -> {
                if (calls || !name.equals(TOOL_CALLS) && !name.equals(CONTENT)) {
                    fields.put(name, marked(value));
                }
            });
            return fields;
        }

        private static void collect(Object value, List<String> texts) {
            if (value instanceof String text) {
                texts.add(text);
            } else if (value instanceof Map<?, ?> map) {
                collect(map.keySet(), texts);
                collect(map.values(), texts);
            } else if (value instanceof Collection<?> list) {
                list.forEach(item -> collect(item, texts));
            }
        }

        private Object marked(Object value) {
            if (value instanceof String text) {
                return RenderedText.marked(text, hidden, mark);
            }
            if (value instanceof Map<?, ?> map) {
                Map<Object, Object> marked = new LinkedHashMap<>();
                map.forEach((key, item) -> marked.put(marked(key), marked(item)));
                return marked;
            }
            return value instanceof List<?> list
                    ? list.stream().map(this::marked).collect(ArrayList::new, ArrayList::add, ArrayList::addAll)
                    : value;
        }

        /** The first {@code count} messages. */
        private Rendered render(int count, boolean prompt) {
            Map<String, Object> variables = new LinkedHashMap<>(tokenizer.specialTokens());
            variables.put("messages", shown.subList(0, count));
            variables.put("add_generation_prompt", prompt);
            variables.put("tools", tools);
            variables.put("documents", null);
            try {
                return (tools == null ? usual : withTools).render(variables, now);
            } catch (TemplateException problem) {
                String said = problem.getMessage().lines().findFirst().orElse("");
                throw new ChatTemplateException(
                        "The chat template refuses the conversation: "
                                + (said.length() <= LONGEST_REFUSAL ? said : said.substring(0, LONGEST_REFUSAL) + "…"),
                        problem);
            }
        }

        private List<Text> texts(IntPredicate learned) {
            int[] answers = IntStream.range(0, messages.size())
                    .filter(index -> messages.get(index).role().equals(ChatMessage.ASSISTANT))
                    .toArray();
            Rendered whole = render(messages.size(), false);
            return marks ? List.of(markedText(whole, answers, learned)) : byDifference(whole.text(), answers, learned);
        }

        private Text markedText(Rendered whole, int[] answers, IntPredicate learned) {
            List<Span> spans = whole.generation();
            if (IntStream.of(answers).noneMatch(learned)) {
                return new Text(whole.text(), List.of());
            }
            if (spans.isEmpty()) {
                throw new ChatTemplateException("The chat template marks nothing of what the assistant says.");
            }
            if (IntStream.of(answers).allMatch(learned)) {
                return new Text(whole.text(), spans);
            }
            if (spans.size() != answers.length) {
                throw new ChatTemplateException("The chat template marks " + spans.size() + " parts of "
                        + answers.length + " answers, so that nobody can tell which of them has weight 0.");
            }
            return new Text(
                    whole.text(),
                    IntStream.range(0, answers.length)
                            .filter(answer -> learned.test(answers[answer]))
                            .mapToObj(spans::get)
                            .toList());
        }

        private List<Text> byDifference(String whole, int[] answers, IntPredicate learned) {
            List<Text> samples = new ArrayList<>();
            List<Span> joined = new ArrayList<>();
            boolean grows = true;
            for (int answer : answers) {
                if (!learned.test(answer)) {
                    continue;
                }
                String before = render(answer, true).text();
                String after = answer + 1 == messages.size()
                        ? whole
                        : render(answer + 1, false).text();
                if (!after.startsWith(before)) {
                    throw new ChatTemplateException("The chat template does not say what the assistant says: the text"
                            + " before message " + (answer + 1) + " is not the beginning of the text with it.");
                }
                Span said = new Span(before.length(), after.length());
                joined.add(said);
                samples.add(new Text(after, List.of(said)));
                grows &= whole.startsWith(after);
            }
            return grows ? List.of(new Text(whole, joined)) : samples;
        }
    }
}
