package perdure.server.openai;

import java.util.Map;
import java.util.UUID;
import perdure.chat.AnsweringCheckpoint;
import perdure.chat.ChatAnswer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The form of an answer: the next message of a conversation or the continuation of a text, whole or in chunks. Besides
 * OpenAI's fields an answer names the {@code checkpoint} that it came from, which is also its fingerprint.
 */
public enum CompletionForm {
    CHAT("chatcmpl-", "chat.completion", "chat.completion.chunk"),
    TEXT("cmpl-", "text_completion", "text_completion");

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final String idPrefix;
    private final String whole;
    private final String chunk;

    CompletionForm(String idPrefix, String whole, String chunk) {
        this.idPrefix = idPrefix;
        this.whole = whole;
        this.chunk = chunk;
    }

    CompletionRequest read(byte[] body, ModelNames names) {
        return this == CHAT ? CompletionRequest.conversation(body, names) : CompletionRequest.text(body, names);
    }

    /** @param model the name that the request asked for */
    Writer writer(String model) {
        return new Writer(idPrefix + UUID.randomUUID(), System.currentTimeMillis() / 1_000, model);
    }

    static ObjectNode checkpoint(AnsweringCheckpoint checkpoint) {
        return MAPPER.createObjectNode()
                .put("name", checkpoint.name())
                .put("epoch", checkpoint.epoch())
                .put("loss", checkpoint.loss())
                .put("context_length", checkpoint.context());
    }

    /** Writes one answer: all of its chunks have the same id and time. */
    final class Writer {

        private final String id;
        private final long created;
        private final String model;

        private Writer(String id, long created, String model) {
            this.id = id;
            this.created = created;
            this.model = model;
        }

        /** The whole answer. */
        ObjectNode answer(ChatAnswer answer) {
            ObjectNode choice = choice(answer.finish());
            if (CompletionForm.this == CHAT) {
                choice.putObject("message")
                        .put("role", "assistant")
                        .put("content", answer.text())
                        .putNull("refusal");
            } else {
                choice.put("text", answer.text());
            }
            return source(envelope(whole, choice), answer).set("usage", usage(answer));
        }

        /** The chunk that says who speaks, if there are roles. */
        ObjectNode opening() {
            return piece("", Map.of("role", "assistant", "content", ""));
        }

        /** A chunk with a piece of the text. */
        ObjectNode piece(String text) {
            return piece(text, Map.of("content", text));
        }

        /** The chunk that says why the text ended. */
        ObjectNode ending(ChatAnswer answer) {
            ObjectNode choice = choice(answer.finish());
            return source(envelope(chunk, content(choice, "", Map.of())), answer);
        }

        /** The last chunk of a stream, with the numbers of tokens, if the request asked for it. */
        ObjectNode usageChunk(ChatAnswer answer) {
            ObjectNode chunkOfNothing = envelope(chunk, null);
            return source(chunkOfNothing, answer).set("usage", usage(answer));
        }

        private ObjectNode piece(String text, Map<String, String> delta) {
            return envelope(chunk, content(choice(null), text, delta));
        }

        private ObjectNode content(ObjectNode choice, String text, Map<String, String> delta) {
            if (CompletionForm.this == CHAT) {
                ObjectNode written = choice.putObject("delta");
                delta.forEach(written::put);
            } else {
                choice.put("text", text);
            }
            return choice;
        }

        private ObjectNode choice(String finish) {
            return MAPPER.createObjectNode()
                    .put("index", 0)
                    .put("finish_reason", finish)
                    .putNull("logprobs");
        }

        private ObjectNode envelope(String object, ObjectNode choice) {
            ObjectNode envelope = MAPPER.createObjectNode()
                    .put("id", id)
                    .put("object", object)
                    .put("created", created)
                    .put("model", model);
            var choices = envelope.putArray("choices");
            if (choice != null) {
                choices.add(choice);
            }
            return envelope;
        }

        private ObjectNode source(ObjectNode envelope, ChatAnswer answer) {
            envelope.put("system_fingerprint", answer.checkpoint().name());
            envelope.set("checkpoint", checkpoint(answer.checkpoint()));
            return envelope;
        }

        private static ObjectNode usage(ChatAnswer answer) {
            int read = answer.promptTokens();
            int written = answer.completionTokens();
            return MAPPER.createObjectNode()
                    .put("prompt_tokens", read)
                    .put("completion_tokens", written)
                    .put("total_tokens", read + written);
        }
    }
}
