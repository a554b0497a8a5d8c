package perdure.server.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.util.Optional;
import perdure.chat.AnsweringCheckpoint;
import perdure.chat.ChatSession;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /v1/models}: the model by each of its names, with the newest checkpoint, which would answer now, and then each
 * checkpoint that is kept. The list is empty before the first is saved. {@code GET /v1/models/NAME}: one of them.
 */
public final class ModelsHandler implements HttpHandler {

    /** Path of the list. A slash and a name may follow. */
    public static final String PATH = "/v1/models";

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final ChatSession chat;
    private final ModelNames names;
    private final long created = System.currentTimeMillis() / 1_000;

    public ModelsHandler(ChatSession chat, ModelNames names) {
        this.chat = chat;
        this.names = names;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        // A slash in a name may come encoded, which the path still is.
        String name = exchange.getRequestPath()
                .substring(PATH.length())
                .replace("%2F", "/")
                .replace("%2f", "/")
                .replaceAll("^/+|/+$", "");
        try {
            send(exchange, name.isEmpty() ? list() : model(name));
        } catch (RefusedRequestException refused) {
            Responses.error(exchange, refused.status(), refused.problem());
        }
    }

    private ObjectNode list() {
        ObjectNode list = MAPPER.createObjectNode().put("object", "list");
        var data = list.putArray("data");
        Optional<AnsweringCheckpoint> newest = chat.checkpoint();
        newest.ifPresent(checkpoint -> {
            names.all().forEach(name -> data.add(model(name, checkpoint)));
            chat.checkpoints().forEach(kept -> data.add(model(ModelNames.of(kept), kept)));
        });
        return list;
    }

    private ObjectNode model(String name) {
        Optional<String> asked = names.checkpoint(name);
        AnsweringCheckpoint checkpoint = asked.isPresent()
                ? chat.checkpoints().stream()
                        .filter(kept -> kept.name().equals(asked.get()))
                        .findFirst()
                        .orElseThrow(() -> RefusedRequestException.unknownModel(name))
                : chat.checkpoint()
                        .orElseThrow(
                                () -> RefusedRequestException.unavailable("The run has not saved a checkpoint yet."));
        return model(name, checkpoint);
    }

    private ObjectNode model(String name, AnsweringCheckpoint checkpoint) {
        return MAPPER.createObjectNode()
                .put("id", name)
                .put("object", "model")
                .put("created", created)
                .put("owned_by", "perdure")
                .put("context_length", checkpoint.context())
                .set("checkpoint", AnswerWriter.checkpoint(checkpoint));
    }

    private static void send(HttpServerExchange exchange, ObjectNode body) {
        Responses.json(exchange, 200, body.toString().getBytes(UTF_8));
    }
}
