package perdure.bundled;

import java.util.List;

/** What a person might type first, one after the other, with the answers that the default run must give. */
public final class PlainQuestions {

    /** One thing typed and the right answer, in the words of the bundled conversations. */
    public record PlainQuestion(String question, String answer) {}

    public static final List<PlainQuestion> ALL = List.of(
            new PlainQuestion("Hello!", "Hello! How can I help you?"),
            new PlainQuestion("who are you?", "I am Perdure, a small language model."),
            new PlainQuestion("What is 3 plus 4?", "3 plus 4 is 7."),
            new PlainQuestion("what's the capital of France?", "The capital of France is Paris."),
            new PlainQuestion("What is the opposite of hot?", "The opposite of hot is cold."),
            new PlainQuestion("what sound does a cow make", "A cow says moo."),
            new PlainQuestion("How many legs does a spider have?", "A spider has eight legs."),
            new PlainQuestion("What day comes after Monday?", "The day after Monday is Tuesday."),
            new PlainQuestion(
                    "Tom is taller than Ann. Ann is taller than Bob. Who is the tallest?",
                    "Tom is taller than Ann and Ann is taller than Bob, so Tom is the tallest."),
            new PlainQuestion("What is the weather today?", "I am sorry, I do not know that."));

    private PlainQuestions() {}
}
