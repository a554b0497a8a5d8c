package perdure.bundled;

import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ways in which people ask for the same thing: with some words before or after it, or in an indirect question. The
 * wording is drawn apart from the question, so that neither is learnt with the other.
 */
final class Wording {

    private static final Pattern COMMAND = Pattern.compile("(Tell|Name|Give|List|Say|Count|Add|Subtract|Take|Multiply"
            + "|Divide|Calculate|Double|Mix|Write|Sing|Translate|Show|Explain|Play|Draw|Find|Help|Teach|Describe"
            + "|Recommend|Suggest|Order|Book|Buy|Turn|Set|Make|Remind|Read|Spell|Define|Call|Send|Open) .*");
    private static final Pattern I = Pattern.compile("I\\b");
    private static final Pattern ASKS = Pattern.compile("(What|Which|Who|Where|When|How|Why)\\b.*\\?");

    private static final Pattern WHAT_IS = Pattern.compile(
            "(What|Who|Where|When|(?:What|Which) colou?r|What time|What date|What year|How \\w+) (is|are|was)"
                    + " (?!bigger|smaller|larger|greater|more|less|better|between|left)([^,.]+)\\?");
    private static final Pattern DOES = Pattern.compile(
            "((?:How many|What|Which|Where|When)(?: \\w+)?) (does|do) ((?:(?:an?|the) )?\\w+) (\\w+)\\?");
    private static final Pattern DO_I = Pattern.compile("(.*?) (?:do|did) (I|you|we|they|people) ([^,.]+)\\?");
    private static final Pattern CAN = Pattern.compile("Can ((?:an? |the )?(?!you|I\\b)\\w+) ([^.]+)\\?");

    private static final List<String> ASKING = List.of(
            "Do you know",
            "Can you tell me",
            "Could you tell me",
            "Can you please tell me",
            "Could you please tell me",
            "Would you tell me",
            "Please tell me",
            "Tell me",
            "I want to know",
            "I would like to know",
            "I'd like to know",
            "I need to know",
            "Do you happen to know",
            "I wonder",
            "I was wondering",
            "I am not sure",
            "I don't know",
            "I forgot",
            "Do you remember",
            "Can you say",
            "Could you say",
            "Let me know",
            "Any idea",
            "May I ask",
            "Can I ask you",
            "My son asks",
            "My sister wants to know",
            "My teacher asked me",
            "My little boy asks me",
            "A friend of mine wants to know",
            "The children ask",
            "Somebody asked me",
            "Have you any idea",
            "I have to find out",
            "I am curious",
            "Help me to find out",
            "Who can tell me",
            "pls tell me");

    private static final List<String> BEGGING = List.of(
            "Can you",
            "Could you",
            "Can you please",
            "Could you please",
            "Would you",
            "Will you",
            "Please",
            "Please can you",
            "I want you to",
            "I would like you to",
            "I'd like you to",
            "Would you mind to",
            "Now",
            "Go on,",
            "Just",
            "You should",
            "Try to",
            "pls");

    /** What begins a sentence of its own is followed by a capital letter. */
    private static final List<String> OPENINGS = List.of(
            "Hello!",
            "Hi!",
            "Hi,",
            "Hey,",
            "Hello there,",
            "Good morning,",
            "Hi Perdure,",
            "Hey Perdure,",
            "Perdure,",
            "Ok.",
            "Ok,",
            "Okay,",
            "So,",
            "And",
            "But",
            "Now",
            "Well,",
            "Um,",
            "Hmm,",
            "Right,",
            "Great.",
            "Good.",
            "Thanks.",
            "Thank you!",
            "Please,",
            "please:",
            "Excuse me,",
            "Sorry,",
            "Next question:",
            "Question:",
            "Quick question:",
            "A question:",
            "Another one:",
            "One more:",
            "I have a question.",
            "I have another question:",
            "Tell me:",
            "Answer this:",
            "Just curious:",
            "Listen,",
            "For my homework:",
            "It is for school:",
            "My son wants to know this:",
            "My friend asks:",
            "Let me see,");

    /** What comes after the question mark, or before it if it begins with a comma or a space. */
    private static final List<String> CLOSINGS = List.of(
            ", please",
            " please",
            " pls",
            " plz",
            ", thanks",
            ", thank you",
            ", my friend",
            ", Perdure",
            ", do you know",
            ", can you tell me",
            ", by the way",
            ", then",
            " again",
            " exactly",
            ", in one word",
            ", do you think",
            "Thanks!",
            "Thank you.",
            "Please answer.",
            "I forgot.",
            "I am not sure.",
            "It is for school.",
            "My son wants to know.",
            "Do you know?",
            "Any idea?",
            "Please help me.",
            "Tell me.");

    private Wording() {}

    /** {@code sentence} in other words, if it is a question or a command. */
    static String reword(String sentence, Random random) {
        boolean command = COMMAND.matcher(sentence).matches();
        if (!command && !sentence.endsWith("?")) {
            return sentence;
        }
        boolean indirect = command || (ASKS.matcher(sentence).matches() && !sentence.contains(". "));
        int way = random.nextInt(10);
        if (way < 5 && indirect) {
            return command
                    ? any(BEGGING, random) + " " + lowerFirst(sentence)
                    : any(ASKING, random) + " " + (random.nextInt(3) > 0 ? embedded(sentence) : lowerFirst(sentence));
        }
        return way < 8 ? opened(sentence, random) : closed(sentence, random);
    }

    /** {@code sentence} after a word or two; this keeps its last words. */
    static String opened(String sentence, Random random) {
        String opening = any(OPENINGS, random);
        return opening + " "
                + (".!?".indexOf(opening.charAt(opening.length() - 1)) >= 0 ? sentence : lowerFirst(sentence));
    }

    private static String closed(String sentence, Random random) {
        String bare = Typing.bare(sentence);
        String mark = sentence.substring(bare.length());
        String closing = any(CLOSINGS, random);
        return ", ".indexOf(closing.charAt(0)) >= 0 ? bare + closing + mark : bare + mark + " " + closing;
    }

    /** A question in the order of words that it has inside a sentence. */
    static String embedded(String question) {
        Matcher is = WHAT_IS.matcher(question);
        if (is.matches()) {
            return lowerFirst(is.group(1)) + " " + is.group(3) + " " + is.group(2) + "?";
        }
        Matcher does = DOES.matcher(question);
        if (does.matches()) {
            String verb = does.group(2).equals("do") ? does.group(4) : thirdPerson(does.group(4));
            return lowerFirst(does.group(1)) + " " + does.group(3) + " " + verb + "?";
        }
        Matcher doI = DO_I.matcher(question);
        if (doI.matches()) {
            return lowerFirst(doI.group(1)) + " " + doI.group(2) + " " + doI.group(3) + "?";
        }
        Matcher can = CAN.matcher(question);
        return can.matches() ? "if " + can.group(1) + " can " + can.group(2) + "?" : lowerFirst(question);
    }

    private static String thirdPerson(String verb) {
        return verb.equals("have") ? "has" : Noun.withS(verb);
    }

    private static String any(List<String> choices, Random random) {
        return choices.get(random.nextInt(choices.size()));
    }

    private static String lowerFirst(String sentence) {
        return I.matcher(sentence).lookingAt() ? sentence : Typing.lowerFirst(sentence);
    }
}
