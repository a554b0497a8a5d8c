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
            known("could u tell me wat the capital of spain is", "The capital of Spain is Madrid"),
            known("I'm curious which city is Norway's capital", "The capital of Norway is Oslo"),
            known("Lisbon belongs to which country?", "Lisbon is in Portugal"),
            known("so is Athens the capital of Greece or not?", "The capital of Greece is Athens"),
            known("Would you say that Vienna is in Austria?", "Vienna is in Austria"),
            known("what does a dog go like", "A dog says woof"),
            known("if I hear a moo, which animal says moo?", "A cow says moo"),
            known("legs of a bee, how many are there?", "A bee has six legs"),
            known("how many legs would a horse have", "A horse has four legs"),
            known("what would you call a very young sheep?", "A young sheep is called a lamb"),
            known("is it possible for a penguin to fly?", "No, a penguin cannot fly"),
            known("are bees able to fly at all?", "Yes, a bee can fly"),
            known("where would I find a camel living?", "A camel lives in the desert"),
            known("what should one feed a rabbit", "A rabbit eats carrots"),
            known("Hi Perdure, the colour of snow is what?", "Snow is white"),
            known("what color would a lemon be", "A lemon is yellow"),
            known("tell me quickly whether the sky is blue", "The sky is blue"),
            known("the word for the opposite of rich please", "The opposite of rich is poor"),
            known("hot has which opposite?", "The opposite of hot is cold"),
            known("what's cold the opposite of, I always forget", "The opposite of cold is hot"),
            known("which day would come after thursday", "The day after Thursday is Friday"),
            known("Suppose it is Friday, what day will tomorrow be?", "Tomorrow is Saturday"),
            known("the month right after may is what", "The month after May is June"),
            known("how many days would there be in june", "June has 30 days"),
            known("in what season do we have october?", "October is in autumn"),
            known("a week is made of how many days?", "There are 7 days in a week"),
            known("how many minutes would an hour have", "There are 60 minutes in an hour"),
            known(
                    "could you list for me the days of the week",
                    "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
            known("three and five, what do they make?", "3 plus 5 is 8"),
            known("if i add 6 to 7 what do i get", "6 plus 7 is 13"),
            known("nine minus four would be what?", "9 minus 4 is 5"),
            known("six times three is how much, please?", "6 times 3 is 18"),
            known("please start counting and go up to 5", "1, 2, 3, 4, 5"),
            known("what number would come next after 12", "After 12 comes 13"),
            known("of 8 and 3, which number is bigger?", "8 is bigger than 3"),
            known("is the number 9 odd or is it even", "9 is odd"),
            known("what should I call you?", "My name is Perdure"),
            known(
                    "what kinds of things are you able to talk about",
                    "I can add small numbers and talk about days, months, animals, colours, opposites and capitals"),
            known("good evening to you", "Hello! How can I help you?"),
            known("that was really helpful, thanks a bunch", "You are welcome!"),
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
