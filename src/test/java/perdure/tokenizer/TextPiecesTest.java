package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextPiecesTest {

    @Test
    void aShortTextIsOnePiece() {
        assertEquals(List.of("one two"), pieces("one two"));
        assertEquals(List.of(), pieces(""));
    }

    @Test
    void aLongTextIsCutBeforeWhiteSpaceThatFollowsAWord() {
        List<String> pieces = pieces("some words,  \n\n and more\n".repeat(10_000));

        assertTrue(pieces.size() > 3);
        for (String piece : pieces.subList(1, pieces.size())) {
            assertTrue(piece.startsWith(" ") || piece.startsWith("\n"));
        }
        for (String piece : pieces.subList(0, pieces.size() - 1)) {
            assertTrue(piece.length() <= TextPieces.LIMIT && !Character.isWhitespace(piece.charAt(piece.length() - 1)));
        }
        assertEquals("some words,  \n\n and more\n".repeat(10_000), String.join("", pieces));
    }

    @Test
    void withNoSuchPlaceItIsCutBetweenCodePoints() {
        String text = "a" + "🙂".repeat(TextPieces.LIMIT);
        List<String> pieces = pieces(text);

        assertEquals(text, String.join("", pieces));
        for (String piece : pieces) {
            assertTrue(piece.length() <= TextPieces.LIMIT && !Character.isLowSurrogate(piece.charAt(0)));
        }
    }

    private static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        TextPieces.split(text, pieces::add);
        return pieces;
    }
}
