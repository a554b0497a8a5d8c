package perdure.server.openai;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import perdure.chat.ChatRequest;
import perdure.chat.ChatRequest.Truncation;
import perdure.chat.StopStrings;
import tools.jackson.databind.JsonNode;

/**
 * A request that was read: what to ask the model, and how to write its answer. Every form of request has the fields that
 * are read here: of OpenAI's protocol those that one small model can serve, and {@code top_k}, {@code
 * repetition_penalty} and {@code truncation}. A field that would need more is refused, unless its value asks for nothing.
 *
 * @param checkpoint name of the checkpoint that is asked; null for the newest
 * @param stream whether the answer comes as events
 * @param promptField the field that is at fault if the prompt is too long
 */
record CompletionRequest(String checkpoint, ChatRequest chat, boolean stream, String promptField, AnswerWriter writer) {

    /** Log probabilities in one place of the text, of all answers together. */
    private static final int MOST_SCORES = 64;

    /** To the newest checkpoint. */
    CompletionRequest(ChatRequest chat, boolean stream, String promptField, AnswerWriter writer) {
        this(null, chat, stream, promptField, writer);
    }

    private CompletionRequest to(String asked) {
        return new CompletionRequest(asked, chat, stream, promptField, writer);
    }

    /**
     * Reads a body.
     *
     * @param form reads the fields of the form, given the name of the model
     * @throws RefusedRequestException if it asks for something else than this server does
     */
    static CompletionRequest read(byte[] body, ModelNames names, Form form) {
        RequestFields fields = RequestFields.parse(body);
        String model = fields.text("model");
        fields.require(model != null, "model", "given: \"" + ModelNames.OWN + "\"");
        Optional<String> checkpoint = names.checkpoint(model);
        try {
            CompletionRequest request = form.read(fields, model);
            fields.refuseOthers();
            return request.to(checkpoint.orElse(null));
        } catch (IllegalArgumentException outOfRange) {
            throw RefusedRequestException.invalid(null, outOfRange.getMessage());
        }
    }

    /** Reads the fields that one form of request has. */
    interface Form {
        CompletionRequest read(RequestFields fields, String model);
    }

    /** Reads how tokens are chosen, and where an answer ends. Also takes what other servers of this protocol know. */
    static ChatRequest.Builder withOptions(ChatRequest.Builder chat, RequestFields fields) {
        chat.temperature(fields.number("temperature", 1, value -> value >= 0 && value <= 100, "a number from 0 to 100"))
                .topP(Math.max(
                        Double.MIN_VALUE, // 0 means the most likely token alone
                        fields.number("top_p", 1, value -> value >= 0 && value <= 1, "a number from 0 to 1")))
                .topK(Math.max(0, (int) fields.whole("top_k", -1, Integer.MAX_VALUE, 0)))
                .penalties(
                        fields.number(
                                "repetition_penalty",
                                1,
                                value -> value >= 0.01 && value <= 100,
                                "a number from 0.01 to 100"),
                        penalty(fields, "presence_penalty"),
                        penalty(fields, "frequency_penalty"))
                .seed(fields.whole(
                        "seed",
                        Long.MIN_VALUE,
                        Long.MAX_VALUE,
                        ThreadLocalRandom.current().nextLong()))
                .truncation(truncation(fields));
        fields.neutral("logit_bias", "{}");
        fields.neutral("min_p", "0");
        fields.neutral("typical_p", "1");
        fields.neutral("repeat_penalty", "1");
        fields.flag("cache_prompt");
        fields.ignore("user", "keep_alive");
        return chat;
    }

    private static double penalty(RequestFields fields, String name) {
        return fields.number(name, 0, value -> value >= -2 && value <= 2, "a number from -2 to 2");
    }

    private static Truncation truncation(RequestFields fields) {
        String truncation = fields.text("truncation");
        fields.require(
                truncation == null || List.of("auto", "disabled").contains(truncation),
                "truncation",
                "\"auto\" or \"disabled\"");
        return "auto".equals(truncation) ? Truncation.AUTO : Truncation.DISABLED;
    }

    /**
     * A number of tokens.
     *
     * @return more than any context has room for if the value is -1
     */
    static int tokens(RequestFields fields, String name, int absent) {
        long tokens = fields.whole(name, -1, Long.MAX_VALUE, absent);
        fields.require(tokens != 0, name, "a positive whole number, or -1 for as many as fit");
        return tokens == -1 ? Integer.MAX_VALUE : (int) Math.min(tokens, Integer.MAX_VALUE);
    }

    static int choices(RequestFields fields, int most) {
        return (int) fields.whole("n", 1, most, 1);
    }

    /**
     * Reads how many of the likeliest tokens are told with each token of each answer. All of them are in memory at once, so
     * that there is a limit for all answers together.
     */
    static int likeliest(RequestFields fields, String name, int most, int choices) {
        int likeliest = (int) fields.whole(name, 0, most, 0);
        fields.require(
                choices * (likeliest + 1) <= MOST_SCORES,
                name,
                "less: " + choices + " answers times (" + name + " + 1) is more than " + MOST_SCORES);
        return likeliest;
    }

    static void stops(ChatRequest.Builder chat, RequestFields fields) {
        JsonNode stop = fields.any("stop");
        if (stop == null) {
            return;
        }
        List<JsonNode> stops = stop.isArray() ? List.copyOf(stop.values()) : List.of(stop);
        fields.require(stops.stream().allMatch(JsonNode::isString), "stop", "a string or an array of strings");
        List<String> strings = stops.stream().map(JsonNode::stringValue).toList();
        fields.require(
                strings.size() <= StopStrings.MOST && !strings.contains(""),
                "stop",
                "an array of at most " + StopStrings.MOST + " strings, none of them empty");
        strings.forEach(chat::stop);
    }

    static boolean includeUsage(RequestFields fields) {
        RequestFields options = fields.object("stream_options");
        if (options == null) {
            return false;
        }
        boolean includeUsage = options.flag("include_usage");
        options.ignore("include_obfuscation");
        options.neutral("continuous_usage_stats", "false");
        options.refuseOthers();
        return includeUsage;
    }
}
