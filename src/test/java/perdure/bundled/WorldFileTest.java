package perdure.bundled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WorldFileTest {

    private static final String WORLD = """
            # A world of two animals.
            set names Ada Ben
            table sounds
            - cow ; moo
            - owl ; hoot
            topic animals/sounds 10 1
            ? What does [{a0}|the {0}] say?
            = {A0} says {1}.
            - @sounds
            topic memory/name 4 0 cased
            ? {0} met {1}. > Oh. > Who met {1}?
            = {0} did.
            - <names> ; <names>
            topic opposites/words 4 1
            ? What is the opposite of {0}?
            ? {0}: the opposite
            = {1}
            ~ hot ; cold
            order sizes ant dog cow
            table kinds
            ~ day ; night
            topic animals/sizes 9 0
            ? Are {s0} bigger than {s1}?
            = Yes.
            - @sizes
            topic opposites/kinds 4 0 distinct
            ? Is {0} like {2}?
            = No, {0} is like {1}.
            - @kinds ; [night|noon]
            """;

    private final List<Topic> topics = new WorldFile(WORLD).topics();

    @Test
    void combinesEveryPhrasingWithEveryRow() {
        assertEquals(
                Set.of(
                        "What does a cow say?",
                        "What does the cow say?",
                        "What does an owl say?",
                        "What does the owl say?"),
                asked(topics.get(0), Set.of()));
        assertEquals(Set.of("A cow says moo.", "An owl says hoot."), answered(topics.get(0)));
    }

    @Test
    void drawsNoEntryOfASetTwiceInARow() {
        assertEquals(
                Set.of("Ada met Ben.>Oh.>Who met Ben?", "Ben met Ada.>Oh.>Who met Ada?"),
                asked(topics.get(1), Set.of()));
    }

    @Test
    void addsTheRowTheOtherWayRound() {
        assertEquals(Set.of("Hot", "Cold"), answered(topics.get(2)));
    }

    @Test
    void pairsTheLaterEntryOfAnOrderWithTheEarlierOnes() {
        assertEquals(
                Set.of("Are dogs bigger than ants?", "Are cows bigger than ants?", "Are cows bigger than dogs?"),
                asked(topics.get(3), Set.of()));
    }

    @Test
    void leavesOutRowsWithTheSameEntryInTwoColumns() {
        assertEquals(Set.of("Is day like noon?", "Is night like noon?"), asked(topics.get(4), Set.of()));
    }

    @Test
    void namesTheTemplateWhoseColumnIsMissing() {
        Topic topic = new WorldFile("topic a/b 1 0\n? What is {1}?\n= {0}\n- cow")
                .topics()
                .get(0);
        Exception failure =
                assertThrows(IllegalArgumentException.class, () -> topic.drawTrained(new Random(1), Set.of()));
        assertEquals("No column {1} in [cow]: What is {1}?", failure.getMessage());
    }

    @Test
    void trainsOnNothingThatIsHeldOut() {
        List<Question> exam = topics.get(0).drawHeldOut(new Random(1));
        assertEquals(1, exam.size());
        Set<String> trained = asked(topics.get(0), Set.of(exam.get(0).key()));
        assertEquals(3, trained.size());
        assertTrue(!trained.contains(exam.get(0).turns().get(0)));
    }

    @Test
    void refusesALineThatItDoesNotKnow() {
        Exception failure = assertThrows(IllegalArgumentException.class, () -> new WorldFile("planet Mars"));
        assertEquals("A line of the world is not understood: planet Mars", failure.getMessage());
    }

    @Test
    void refusesARowFromATableThatDoesNotExist() {
        assertThrows(IllegalArgumentException.class, () -> new WorldFile("topic a/b 1 1\n- @moons"));
    }

    private static Set<String> asked(Topic topic, Set<String> exam) {
        Set<String> asked = new HashSet<>();
        topic.drawTrained(new Random(1), exam).forEach(question -> asked.add(String.join(">", question.turns())));
        return asked;
    }

    private static Set<String> answered(Topic topic) {
        Set<String> answers = new HashSet<>();
        topic.drawTrained(new Random(1), Set.of()).forEach(question -> answers.add(question.answer()));
        return answers;
    }
}
