package perdure.server.openai;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The conversations of the newest responses, so that a request can go on from one by its id. They are in memory alone, and
 * the oldest are forgotten when there are too many or they are too long.
 */
final class ResponseMemory {

    private static final int MOST_RESPONSES = 1_000;
    private static final long MOST_CHARACTERS = 4_000_000;

    private final Map<String, List<Turn>> conversations = new LinkedHashMap<>();
    private long characters;

    /** Keeps a conversation, whose last turn is the answer. */
    synchronized void keep(String id, List<Turn> turns) {
        conversations.put(id, List.copyOf(turns));
        characters += size(turns);
        Iterator<List<Turn>> oldest = conversations.values().iterator();
        while (conversations.size() > MOST_RESPONSES || characters > MOST_CHARACTERS) {
            characters -= size(oldest.next());
            oldest.remove();
        }
    }

    /** Null if there is none with this id, or none any more. */
    synchronized List<Turn> conversation(String id) {
        return conversations.get(id);
    }

    private static long size(List<Turn> turns) {
        return turns.stream().mapToLong(turn -> turn.text().length()).sum();
    }
}
