package perdure.bundled;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import perdure.data.Conversation;
import perdure.tokenizer.ChatMessage;

class BundledCorpusTest {

    private static final BundledCorpus CORPUS = new BundledCorpus();

    /** A change of the world file or its generator changes this on purpose. */
    private static final String SHA_256 = "408c61edfb7cb65f35c5e5bfe5ae1900f9a44476fc66b60294d4dfbace8e8be0";

    @Test
    void isTheSameBytesOnEveryMachine() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (Conversation conversation : CORPUS.conversations()) {
            digest.update(conversation.toString().replace(", fields={}", "").getBytes(StandardCharsets.UTF_8));
        }
        for (Question question : CORPUS.heldOut()) {
            digest.update(question.toString().getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(SHA_256, HexFormat.of().formatHex(digest.digest()));
    }

    @Test
    void asksNoHeldOutQuestionInTraining() {
        Set<String> asked = new HashSet<>();
        for (Conversation conversation : CORPUS.conversations()) {
            asked.addAll(Question.keys(contents(conversation.messages())));
        }
        for (Question question : CORPUS.heldOut()) {
            assertFalse(asked.contains(Question.key(question.turns())), question.toString());
        }
    }

    @Test
    void givesEveryQuestionOneAnswer() {
        Map<String, String> answers = new HashMap<>();
        for (Question question : CORPUS.heldOut()) {
            String key = Question.key(question.turns());
            assertEquals(question.answer(), answers.getOrDefault(key, question.answer()), key);
            answers.put(key, question.answer());
        }
        for (Conversation conversation : CORPUS.conversations()) {
            String key = Question.key(contents(
                    conversation.messages().subList(0, conversation.messages().size() - 1)));
            String answer = conversation
                    .messages()
                    .get(conversation.messages().size() - 1)
                    .content();
            assertEquals(answer, answers.getOrDefault(key, answer), key);
            answers.put(key, answer);
        }
    }

    @Test
    void examinesEveryCategoryAndKnowsItsAnswers() {
        Map<String, List<Question>> exam = CORPUS.heldOut().stream().collect(groupingBy(Question::category));
        assertEquals(
                Set.of(
                        "greetings",
                        "memory",
                        "arithmetic",
                        "counting",
                        "time",
                        "units",
                        "colours",
                        "animals",
                        "opposites",
                        "capitals",
                        "reasoning",
                        "unknown"),
                exam.keySet());
        exam.forEach((category, questions) -> assertTrue(questions.size() >= 10, category + " " + questions.size()));
        assertTrue(CORPUS.heldOut().size() >= 200);
        Set<String> taught = answersTaught();
        for (Question question : CORPUS.heldOut()) {
            // A comparison repeats the two that it was asked about.
            boolean repeats = question.copies() || question.topic().matches(".*(bigger|smaller|larger)");
            assertTrue(repeats || taught.contains(question.answer()), question.toString());
        }
    }

    @Test
    void letsUserAndAssistantSpeakInTurn() {
        for (Conversation conversation : CORPUS.conversations()) {
            List<ChatMessage> turns = conversation.messages();
            assertEquals(0, turns.size() % 2, conversation.toString());
            for (int i = 0; i < turns.size(); i++) {
                assertEquals(i % 2 == 0 ? "user" : "assistant", turns.get(i).role(), conversation.toString());
                assertFalse(turns.get(i).content().isBlank(), conversation.toString());
            }
        }
    }

    @Test
    void teachesTheAnswersToThePlainQuestions() {
        Set<String> taught = answersTaught();
        for (PlainQuestions.PlainQuestion plain : PlainQuestions.ALL) {
            boolean copied = plain.answer().endsWith("so Tom is the tallest.");
            assertTrue(copied || taught.contains(plain.answer()), plain.toString());
        }
    }

    /** Otherwise they would be no measure of what a stranger's free chat is like. */
    @Test
    void asksNoQuestionOfStrangers() {
        Set<String> asked = new HashSet<>();
        for (Conversation conversation : CORPUS.conversations()) {
            asked.addAll(Question.keys(contents(conversation.messages())));
        }
        CORPUS.heldOut().forEach(question -> asked.add(question.key()));
        for (StrangersQuestions.StrangersQuestion question : StrangersQuestions.ALL) {
            assertFalse(asked.contains(Question.key(List.of(question.typed()))), question.toString());
        }
    }

    private static Set<String> answersTaught() {
        return CORPUS.conversations().stream()
                .flatMap(conversation -> conversation.messages().stream())
                .filter(turn -> turn.role().equals("assistant"))
                .map(ChatMessage::content)
                .collect(toSet());
    }

    private static List<String> contents(List<ChatMessage> turns) {
        return turns.stream().map(ChatMessage::content).toList();
    }
}
