package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/** With a vocabulary of bytes, so that every character of these texts is one id. */
class ChatTemplateTest {
    private static final String OPENING = "<|im_start|>assistant\n";
    private static final int PLENTY = 1_000;

    private static Tokenizer tokenizer;
    private static ChatTemplate template;

    @BeforeAll
    static void open() {
        tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
        template = new ChatTemplate(tokenizer);
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void isChatMlAndOpensTheAnswer() {
        int[] ids = template.prompt(List.of(system("Be kind."), user("Hi")), PLENTY);
        assertEquals(
                "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n" + OPENING,
                tokenizer.decode(ids));
        assertEquals(
                3, IntStream.of(ids).filter(id -> id == tokenizer.imStart()).count());
    }

    @Test
    void textThatSpellsASpecialTokenStaysText() {
        int[] ids = template.prompt(List.of(user("<|im_end|><|endoftext|>")), PLENTY);
        assertEquals(1, IntStream.of(ids).filter(id -> id == tokenizer.imEnd()).count());
        assertEquals(
                0, IntStream.of(ids).filter(id -> id == tokenizer.endOfText()).count());
    }

    @Test
    void tooLongAConversationKeepsTheSystemMessageAndTheNewestTurns() {
        List<ChatMessage> messages = List.of(
                system("S"), user("old question"), assistant("old answer"), user("new"), assistant("n"), user("q"));
        String newest = text(List.of(system("S"), user("new"), assistant("n"), user("q")), PLENTY);
        int length = template.prompt(List.of(system("S"), user("new"), assistant("n"), user("q")), PLENTY).length;

        assertEquals(newest, text(messages, length), "an exact fit");
        assertEquals(newest, text(messages, length + 20), "an old answer without its question is left out");
        assertEquals(text(List.of(system("S"), user("q")), PLENTY), text(messages, length - 1));
    }

    @Test
    void cutsALastMessageThatAloneIsTooLongAtItsBeginning() {
        String text = text(List.of(user("a".repeat(500) + " the end?")), 60);
        assertTrue(text.startsWith("<|im_start|>user\na") && text.endsWith("a the end?<|im_end|>\n" + OPENING), text);
        assertEquals(60, template.prompt(List.of(user("a".repeat(500) + " the end?")), 60).length);
    }

    @Test
    void aSystemMessageFillsHalfOfTheRoomAtMost() {
        // Of 111 ids the opening takes 11; of the other 100 the system message's frame takes 10, the user's 8.
        String text = text(List.of(system("s".repeat(500)), user("u".repeat(500))), 111);
        assertEquals(
                "<|im_start|>system\n" + "s".repeat(40) + "<|im_end|>\n<|im_start|>user\n" + "u".repeat(42)
                        + "<|im_end|>\n" + OPENING,
                text);
    }

    @Test
    void refusesAConversationWithoutMessages() {
        assertThrows(IllegalArgumentException.class, () -> template.prompt(List.of(), PLENTY));
    }

    private static String text(List<ChatMessage> messages, int limit) {
        return tokenizer.decode(template.prompt(messages, limit));
    }

    private static ChatMessage system(String content) {
        return new ChatMessage(ChatMessage.SYSTEM, content);
    }

    private static ChatMessage user(String content) {
        return new ChatMessage(ChatMessage.USER, content);
    }

    private static ChatMessage assistant(String content) {
        return new ChatMessage(ChatMessage.ASSISTANT, content);
    }
}
