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
 * Questions and answers about the small world that {@code world.txt} describes, and about what lies outside it ({@code
 * outside.txt}), the exam apart from the training part.
 */
public final class World {

    private final List<Question> trained = new ArrayList<>();
    private final List<Question> heldOut = new ArrayList<>();

    /** Draws the questions; equal seeds give equal questions on every JVM. */
    public World(long seed) {
        List<Topic> topics = new WorldFile(text("world.txt") + text("outside.txt")).topics();
        Random random = new Random(seed);
        for (Topic topic : topics) {
            heldOut.addAll(topic.drawHeldOut(random));
        }
        Set<String> exam = new HashSet<>();
        heldOut.forEach(question -> exam.add(question.key()));
        for (Topic topic : topics) {
            trained.addAll(topic.drawTrained(random, exam));
        }
    }

    private static String text(String name) {
        try (InputStream file = World.class.getResourceAsStream(name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(name + " in the jar", failure);
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
}
