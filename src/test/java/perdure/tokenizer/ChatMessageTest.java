package perdure.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ChatMessageTest {
    @Test
    void namesARoleThatIsNoRole() {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> new ChatMessage("robot", "Hello"));
        assertEquals("Role 'robot' is not system, user, assistant or tool.", refusal.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new ChatMessage(null, "Hello"));
    }

    @Test
    void refusesAMessageWithoutContent() {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> new ChatMessage("user", null));
        assertEquals("A message of role 'user' has no content.", refusal.getMessage());
    }
}
