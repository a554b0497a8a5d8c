package perdure.bundled;

import java.util.ArrayList;
import java.util.List;

/**
 * The notation {@code [a|b]} of the world file: one of the alternatives, in every combination with the others of the
 * line.
 */
final class Alternatives {

    private Alternatives() {}

    /** All texts that {@code line} stands for. The last alternatives change fastest. Alternatives do not nest. */
    static List<String> expand(String line) {
        int open = line.indexOf('[');
        if (open < 0) {
            return List.of(line);
        }
        int close = line.indexOf(']', open);
        if (close < 0) {
            throw new IllegalArgumentException("An alternative is not closed: " + line);
        }
        List<String> tails = expand(line.substring(close + 1));
        List<String> texts = new ArrayList<>();
        for (String choice : line.substring(open + 1, close).split("\\|", -1)) {
            for (String tail : tails) {
                texts.add(line.substring(0, open) + choice + tail);
            }
        }
        return texts;
    }
}
