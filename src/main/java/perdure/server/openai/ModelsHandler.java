package perdure.server.openai;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import perdure.chat.ChatSession;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /v1/models}: the only model and, as {@code checkpoint}, the checkpoint that would answer now. The list is
 * empty before the first checkpoint is saved.
 */
public final class ModelsHandler implements HttpHandler {

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final ChatSession chat;
    private final long created = System.currentTimeMillis() / 1_000;

    public ModelsHandler(ChatSession chat) {
        this.chat = chat;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) {
        ObjectNode list = MAPPER.createObjectNode().put("object", "list");
        var data = list.putArray("data");
        chat.checkpoint().ifPresent(checkpoint -> data.addObject()
                .put("id", CompletionRequest.MODEL)
                .put("object", "model")
                .put("created", created)
                .put("owned_by", "perdure")
                .set("checkpoint", CompletionForm.checkpoint(checkpoint)));
        Responses.json(exchange, 200, list.toString().getBytes(UTF_8));
    }
}
