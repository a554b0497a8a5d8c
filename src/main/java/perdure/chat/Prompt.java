package perdure.chat;

import java.util.Arrays;
import perdure.chat.Completion.Dropped;

/**
 * The tokens that a model reads before it answers.
 *
 * @param dropped what was left out of them
 */
public record Prompt(int[] ids, Dropped dropped) {

    /** The last {@code limit} tokens at most. */
    Prompt end(int limit) {
        int more = ids.length - limit;
        return more <= 0
                ? this
                : new Prompt(
                        Arrays.copyOfRange(ids, more, ids.length),
                        new Dropped(dropped.messages(), dropped.tokens() + more));
    }
}
