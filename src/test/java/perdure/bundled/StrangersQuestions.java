package perdure.bundled;

import java.util.List;
import java.util.Locale;

/**
 * What people type who have never seen the bundled conversations: things of the small world in their own words, and
 * things that lie outside it. No conversation asks any of these.
 */
public final class StrangersQuestions {

    /**
     * One thing typed.
     *
     * @param good words of which a right answer has at least one; none where only the honest answer is good
     */
    public record StrangersQuestion(String typed, List<String> good) {

        /** Whether {@code answer} is right, or says honestly that it does not know. */
        public boolean accepts(String answer) {
            String lower = answer.toLowerCase(Locale.ROOT);
            return lower.equals("i am sorry, i do not know that.")
                    || good.stream().anyMatch(word -> lower.matches(".*\\b" + word.toLowerCase(Locale.ROOT) + "\\b.*"));
        }
    }

    public static final List<StrangersQuestion> ALL = List.of(
            known("Good evening, how are things going with you?", "fine"),
            known("Which country is Rome located in?", "Italy"),
            known("Could you kindly name the capital of Japan for me?", "Tokyo"),
            known("paris is in what country", "France"),
            known("Isn't Berlin the capital of Germany?", "Yes", "Berlin"),
            known("Is Barcelona really Spain's capital city?", "Madrid"),
            known("What would be the opposite of early?", "late"),
            known("opposite for noisy?", "quiet"),
            known("what is the sum if i take 4 and 9", "13"),
            known("7 and 6 is?", "13"),
            known("What do I get when I subtract 3 from 10?", "7"),
            known("how much would 4 times 5 be", "20"),
            known("Could you count up to seven for me?", "1, 2, 3, 4, 5, 6, 7."),
            known("after 15, what number follows?", "16"),
            known("Would you call seventeen an even number?", "odd"),
            known("And what sound would a sheep make?", "baa"),
            known("how many legs has an ant got, in your opinion", "six"),
            known("Do elephants know how to fly?", "No"),
            known("whats the name for a baby dog", "puppy"),
            known("Where might I see a lion in nature?", "savanna"),
            known("what is the month following june", "July"),
            known("Today's Sunday. And tomorrow?", "Monday"),
            known("An hour, how many minutes is that?", "60"),
            known("When it's December, which season is it?", "winter"),
            known("are strawberries red, or are they blue?", "red"),
            known("grass has what color, please", "green"),
            unknown("Where is the Eiffel Tower?"),
            unknown("who was the first woman in space"),
            unknown("how do I get from Boston to New York by train?"),
            unknown("What's on TV this evening?"),
            unknown("please write a short poem about the ocean"),
            unknown("Which football club is the best?"),
            unknown("My stomach hurts after lunch, any advice?"),
            unknown("can you translate good morning to italian"),
            unknown("how expensive is a new tesla"),
            unknown("what happened in the french elections"),
            unknown("I think my computer has a virus, how can I remove it?"),
            unknown("qwpoeiru zmxn"),
            unknown("is it going to snow in Vienna next Friday"),
            unknown("What is the airspeed of a swallow?"),
            unknown("sing happy birthday for my grandma"),
            unknown("How long is a marathon"));

    private static StrangersQuestion known(String typed, String... good) {
        return new StrangersQuestion(typed, List.of(good));
    }

    private static StrangersQuestion unknown(String typed) {
        return new StrangersQuestion(typed, List.of());
    }

    private StrangersQuestions() {}
}
