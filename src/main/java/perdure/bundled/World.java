package perdure.bundled;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Questions and answers about the small world that {@code world.txt} describes, the exam apart from the training part.
 */
public final class World {

    private final List<Question> trained = new ArrayList<>();
    private final List<Question> heldOut = new ArrayList<>();
    private final Set<String> exam = new HashSet<>();

    /** Draws the questions; equal seeds give equal questions on every JVM. */
    public World(long seed) {
        List<Topic> topics = new WorldFile(text()).topics();
        Random random = new Random(seed);
        for (Topic topic : topics) {
            heldOut.addAll(topic.drawHeldOut(random));
        }
        heldOut.forEach(question -> exam.add(question.key()));
        for (Topic topic : topics) {
            trained.addAll(topic.drawTrained(random, exam));
        }
    }

    private static String text() {
        try (InputStream file = World.class.getResourceAsStream("world.txt")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException("world.txt in the jar", failure);
        }
    }

    /** The questions of one epoch, topic by topic. */
    public List<Question> trained() {
        return List.copyOf(trained);
    }

    /** The questions of the exam, topic by topic. */
    public List<Question> heldOut() {
        return List.copyOf(heldOut);
    }

    /** Whether {@code turns} are a question of the exam, whatever their case and punctuation. */
    public boolean inExam(List<String> turns) {
        return exam.contains(Question.key(turns));
    }
}
