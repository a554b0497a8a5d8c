package perdure.data;

import java.util.List;

/** The turns of one conversation, in order. */
public record Conversation(List<Turn> turns) {

    public Conversation {
        turns = List.copyOf(turns);
    }
}
