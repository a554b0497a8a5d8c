package perdure.server.openai;

import java.util.List;
import perdure.chat.AnsweringCheckpoint;
import perdure.chat.ChatAnswer;
import perdure.chat.Completion.Piece;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes one answer in the form of its route: whole, or as events. All of its events have the same id and time, so that
 * each answer has a writer of its own.
 */
interface AnswerWriter {

    /** The whole answer. */
    ObjectNode whole(ChatAnswer answer);

    /** The events before the first piece. */
    List<Event> opening();

    List<Event> piece(Piece piece);

    /** The events after the last piece. */
    List<Event> ending(ChatAnswer answer);

    /** The last events of a stream that fails. */
    List<Event> failure(Responses.Problem problem);

    /** @param name null if it has none */
    record Event(String name, String data) {

        /** An event without a name. */
        static Event of(JsonNode data) {
            return new Event(null, data.toString());
        }
    }

    /** The {@code checkpoint} that an answer came from, which all forms name. */
    static ObjectNode checkpoint(AnsweringCheckpoint checkpoint) {
        return JsonMapper.shared()
                .createObjectNode()
                .put("name", checkpoint.name())
                .put("epoch", checkpoint.epoch())
                .put("loss", checkpoint.loss())
                .put("context_length", checkpoint.context());
    }

    /** Adds the checkpoint and, if the model did not read all, {@code truncated}: the numbers of messages and tokens. */
    static ObjectNode source(ObjectNode written, ChatAnswer answer) {
        written.set("checkpoint", checkpoint(answer.checkpoint()));
        var dropped = answer.completion().dropped();
        if (!dropped.isNothing()) {
            written.putObject("truncated").put("messages", dropped.messages()).put("tokens", dropped.tokens());
        }
        return written;
    }
}
