package perdure.bundled;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import perdure.data.Conversation;
import perdure.data.Corpus;

/**
 * The corpus in the jar: short conversations about a small world. They are generated, and have the same bytes on every
 * JVM. No question of {@link #heldOut()} is asked in {@link #conversations()}, whatever its case, punctuation or
 * spacing.
 */
public final class BundledCorpus {

    private static final long SEED = 20260101;

    private List<Conversation> conversations;
    private List<Question> heldOut;

    /** The world. Takes half a second or more. */
    private synchronized void generate() {
        if (heldOut != null) {
            return;
        }
        World world = new World(SEED);
        Random random = new Random(SEED);
        List<Question> exam = world.heldOut().stream()
                .map(question -> question.asked(turns(question, random)))
                .toList();
        Set<String> kept = new HashSet<>();
        world.heldOut().forEach(question -> kept.add(question.key()));
        exam.forEach(question -> kept.add(question.key()));
        conversations = List.copyOf(converse(world.trained(), kept, random));
        heldOut = exam;
    }

    /** The conversations as a text, which is made when something needs more than its tokens. */
    public Corpus corpus() {
        return Corpus.packaged(Corpus.conversations(this::conversations), BundledCorpus.class);
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
    private static List<Conversation> converse(List<Question> trained, Set<String> kept, Random random) {
        List<Question> questions = new ArrayList<>();
        for (Question question : trained) {
            if (Collections.disjoint(kept, question.keys())) {
                questions.add(question);
            }
        }
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
                List<String> more = answered(question, kept, random);
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

    private static List<String> answered(Question question, Set<String> kept, Random random) {
        List<String> turns = turns(question, random);
        if (!Collections.disjoint(kept, Question.keys(turns))) {
            turns = new ArrayList<>(question.turns());
        }
        turns.add(question.answer());
        return turns;
    }

    /** The turns of {@code question} as someone might type them. */
    private static List<String> turns(Question question, Random random) {
        List<String> turns = new ArrayList<>();
        for (String said : question.turns()) {
            turns.add(turns.size() % 2 == 1 ? said : typed(said, question, random));
        }
        return turns;
    }

    private static String typed(String said, Question question, Random random) {
        String typed = said;
        int dice = random.nextInt(100);
        if (question.copies()) {
            typed = typed.endsWith("?") && dice < 10 ? Wording.opened(typed, random) : typed;
        } else {
            typed = dice < 18 ? Wording.reword(typed, random) : typed;
            typed = Typing.respell(typed, random);
            typed = random.nextInt(30) == 0 ? Typos.slip(typed, random) : typed;
        }
        return Typing.vary(typed, question.cased(), random);
    }
}
