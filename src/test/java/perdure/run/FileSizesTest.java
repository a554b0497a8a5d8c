package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FileSizesTest {

    private static final String BUNDLED = "the bundled conversations";

    @Test
    void tellsThatAnotherVersionHasOtherConversations() {
        assertEquals(
                "is the bundled conversations, which are others in this version",
                FileSizes.difference(BUNDLED, BUNDLED));
    }

    @Test
    void tellsOneTextFromAnother() {
        assertEquals(
                "was the bundled conversations and is /a.txt of 5 bytes now",
                FileSizes.difference(BUNDLED, "5 /a.txt"));
        assertEquals("is different: /a.txt was 5 bytes and is 6 now", FileSizes.difference("5 /a.txt", "6 /a.txt"));
        assertEquals("has other content now", FileSizes.difference(null, BUNDLED));
    }
}
