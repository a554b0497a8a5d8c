package perdure.bundled;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import perdure.data.Conversation;

/**
 * The corpus in the jar: short conversations about a small world. They are generated, and have the same bytes on every
 * JVM. No question of {@link #heldOut()} is asked in {@link #conversations()}, whatever its case, punctuation or
 * spacing.
 */
public final class BundledCorpus {

    private static final long SEED = 20260101;

    private List<Conversation> conversations;
    private List<Question> heldOut;

    /** Starts on another thread the work that the first use would otherwise do. */
    public void prepare() {
        CompletableFuture.runAsync(this::generate);
    }

    /** The world. Takes a second or two, unless it was prepared. */
    private synchronized void generate() {
        if (heldOut != null) {
            return;
        }
        World world = new World(SEED);
        Random random = new Random(SEED);
        conversations = List.copyOf(converse(world, random));
        heldOut = world.heldOut().stream()
                .map(question -> question.asked(turns(question, world, random)))
                .toList();
    }

    /** The conversations of one epoch, in the order in which they are trained on. */
    public List<Conversation> conversations() {
        generate();
        return conversations;
    }

    /** Questions that are never trained on, each with its one right answer. */
    public List<Question> heldOut() {
        generate();
        return heldOut;
    }

    /** Conversations of one to three questions each. What the user tells is asked for at once or a question later. */
    private static List<Conversation> converse(World world, Random random) {
        List<Question> questions = new ArrayList<>(world.trained());
        Shuffle.shuffle(questions, random);
        List<Conversation> conversations = new ArrayList<>();
        for (int next = 0; next < questions.size(); ) {
            int length = Math.min(Math.max(1, random.nextInt(6) - 2), questions.size() - next);
            List<String> turns = new ArrayList<>();
            boolean told = false;
            for (int i = 0; i < length; i++) {
                Question question = questions.get(next);
                boolean memory = question.category().equals("memory");
                if (memory && told) {
                    break;
                }
                told |= memory;
                next++;
                List<String> more = answered(question, world, random);
                if (memory && i > 0 && more.size() > 2) {
                    turns.addAll(0, more.subList(0, 2));
                    more = more.subList(2, more.size());
                }
                turns.addAll(more);
            }
            conversations.add(Conversation.alternating(turns));
        }
        return conversations;
    }

    private static List<String> answered(Question question, World world, Random random) {
        List<String> turns = turns(question, world, random);
        turns.add(question.answer());
        return turns;
    }

    /** The turns of {@code question} as someone might type them. */
    private static List<String> turns(Question question, World world, Random random) {
        List<String> turns = new ArrayList<>();
        for (String said : question.turns()) {
            if (turns.size() % 2 == 1) {
                turns.add(said);
                continue;
            }
            String typed = Typing.vary(said, question.cased(), random);
            String dressed = typed.endsWith("?") && random.nextInt(10) == 0 ? Typing.dress(typed, random) : typed;
            turns.add(world.inExam(List.of(dressed)) ? typed : dressed);
        }
        return turns;
    }
}
