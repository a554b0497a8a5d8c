package perdure.chat;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import perdure.bundled.StrangersQuestions;
import perdure.bundled.StrangersQuestions.StrangersQuestion;

/** Free chat with the default run, with the settings that the page begins with. */
@Timeout(180)
class StrangersQuestionsIT {

    @Test
    @EnabledIfSystemProperty(
            named = "perdure.run",
            matches = ".+",
            disabledReason = "-Dperdure.run=DIR names a run that scripts/train --epochs 10 trained")
    void areAnsweredRightlyOrHonestly() throws Exception {
        List<String> nonsense = new ArrayList<>();
        try (ChatSession chat = new ChatSession(Path.of(System.getProperty("perdure.run")), 8, 1)) {
            for (StrangersQuestion question : StrangersQuestions.ALL) {
                ChatRequest request = ChatRequest.answer()
                        .message("user", question.typed())
                        .temperature(0.3)
                        .topP(0.95)
                        .seed(1)
                        .maximumTokens(100)
                        .build();
                String answer = chat.submit(request, piece -> {}).get().text();
                if (!question.accepts(answer)) {
                    nonsense.add(question.typed() + " -> " + answer);
                }
            }
        }
        // The aim is 85 %. Another processor rounds differently, and the model that it trains may miss some more.
        int most = StrangersQuestions.ALL.size() * 25 / 100;
        System.out.printf(
                "Of %d sentences of strangers %d are answered rightly or honestly.%n",
                StrangersQuestions.ALL.size(), StrangersQuestions.ALL.size() - nonsense.size());
        assertTrue(nonsense.size() <= most, nonsense.size() + " are nonsense:\n" + String.join("\n", nonsense));
    }
}
