package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.chat.Completion.Dropped;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.Tokenizer;

/** With a vocabulary of bytes, so that every character of these texts is one id. */
class ConversationPromptTest {
    private static final String OPENING = "<|im_start|>assistant\n";
    private static final int PLENTY = 1_000;

    private static Tokenizer tokenizer;
    private static ConversationPrompt template;

    @BeforeAll
    static void open() {
        tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), 256));
        template = new ConversationPrompt(tokenizer);
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void isChatMlAndOpensTheAnswer() {
        int[] ids =
                template.prompt(List.of(system("Be kind."), user("Hi")), PLENTY).ids();
        assertEquals(
                "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n" + OPENING,
                tokenizer.decode(ids));
        assertEquals(
                3, IntStream.of(ids).filter(id -> id == tokenizer.imStart()).count());
    }

    @Test
    void textThatSpellsASpecialTokenStaysText() {
        int[] ids = template.prompt(List.of(user("<|im_end|><|endoftext|>")), PLENTY)
                .ids();
        assertEquals(1, IntStream.of(ids).filter(id -> id == tokenizer.imEnd()).count());
        assertEquals(
                0, IntStream.of(ids).filter(id -> id == tokenizer.endOfText()).count());
    }

    @Test
    void tooLongAConversationKeepsTheSystemMessageAndTheNewestTurns() {
        List<ChatMessage> newest = List.of(system("S"), user("new"), assistant("n"), user("q"));
        List<ChatMessage> messages = List.of(
                system("S"), user("old question"), assistant("old answer"), user("new"), assistant("n"), user("q"));
        int whole = template.prompt(messages, PLENTY).ids().length;
        int length = template.prompt(newest, PLENTY).ids().length;

        assertEquals(new Dropped(0, 0), template.prompt(messages, whole).dropped());
        assertEquals(text(newest, PLENTY), text(messages, length), "an exact fit");
        assertEquals(text(newest, PLENTY), text(messages, whole - 1), "an old answer goes with its question");
        assertEquals(
                new Dropped(2, whole - length),
                template.prompt(messages, length).dropped());
        assertEquals(text(List.of(system("S"), user("q")), PLENTY), text(messages, length - 1));
        assertEquals(text(List.of(system("S"), user("q")), PLENTY), text(messages, 1), "the last message stays");
    }

    @Test
    void noSystemMessageIsLeftOutWhereverItStands() {
        List<ChatMessage> messages = List.of(
                user("one"), assistant("1"), system("S"), assistant("2"), user("two"), assistant("3"), user("q"));
        assertEquals(text(List.of(system("S"), user("q")), PLENTY), text(messages, 1));
    }

    @Test
    void refusesAConversationWithoutMessages() {
        assertThrows(IllegalArgumentException.class, () -> template.prompt(List.of(), PLENTY));
    }

    private static String text(List<ChatMessage> messages, int limit) {
        return tokenizer.decode(template.prompt(messages, limit).ids());
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
