package perdure.bundled;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Questions of one kind: every phrasing with every row of facts.
 *
 * @param name {@code category/name}
 * @param trained number of questions that an epoch trains on
 * @param heldOut number of questions that are kept for the exam
 * @param cased whether the letters of the questions must keep their case
 * @param distinct whether rows that have the same entry in two columns are left out
 * @param phrasings turns separated by {@code >}, with columns as <code>{0}</code>
 * @param answers the one answer, with columns
 * @param rows the facts
 */
record Topic(
        String name,
        int trained,
        int heldOut,
        boolean cased,
        boolean distinct,
        List<String> phrasings,
        List<String> answers,
        List<Rows> rows) {

    private static final Pattern COLUMN = Pattern.compile("\\{([aAsS]?)(\\d)}");
    private static final Pattern TURNS = Pattern.compile(" > ");

    /** A topic without phrasings and facts yet. */
    Topic(String name, int trained, int heldOut, boolean cased, boolean distinct) {
        this(name, trained, heldOut, cased, distinct, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    /** Number of combinations of a phrasing and a row. */
    private int size() {
        return phrasings.size() * rowCount();
    }

    private int rowCount() {
        return rows.stream().mapToInt(Rows::size).sum();
    }

    /**
     * The questions kept for the exam. No two ask for the same facts, so the facts of each are also asked for in other
     * words.
     */
    List<Question> drawHeldOut(Random random) {
        List<Question> questions = new ArrayList<>();
        Set<Integer> used = new HashSet<>();
        while (questions.size() < heldOut) {
            int index = random.nextInt(size());
            Question question = question(index);
            if (question != null && (used.add(index / phrasings.size()) || used.size() == rowCount())) {
                questions.add(question);
            }
        }
        return questions;
    }

    /**
     * The questions to train on; none of them asks a question of {@code exam}. If there are fewer rows than questions,
     * each row is drawn equally often, give or take one, in phrasings as different as possible.
     */
    List<Question> drawTrained(Random random, Set<String> exam) {
        return rowCount() <= 4 * trained ? drawByRow(random, exam) : drawAtRandom(random, exam);
    }

    private List<Question> drawByRow(Random random, Set<String> exam) {
        List<Iterator<Question>> byRow = new ArrayList<>();
        for (int row = 0; row < rowCount(); row++) {
            Iterator<Question> phrased = phrased(row, random, exam);
            if (phrased.hasNext()) {
                byRow.add(phrased);
            }
        }
        Shuffle.shuffle(byRow, random);
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < trained; i++) {
            questions.add(byRow.get(i % byRow.size()).next());
        }
        return questions;
    }

    /** The trainable questions about one row, again and again; made when they are asked for, since there may be many. */
    private Iterator<Question> phrased(int row, Random random, Set<String> exam) {
        List<Integer> order = new ArrayList<>();
        for (int phrasing = 0; phrasing < phrasings.size(); phrasing++) {
            order.add(row * phrasings.size() + phrasing);
        }
        Shuffle.shuffle(order, random);
        return IntStream.range(0, Math.multiplyExact(order.size(), trained + 1))
                .mapToObj(i -> question(order.get(i % order.size())))
                .filter(question -> question != null && isTrainable(question, exam))
                .iterator();
    }

    private List<Question> drawAtRandom(Random random, Set<String> exam) {
        List<Question> questions = new ArrayList<>();
        Set<Integer> used = new HashSet<>();
        while (questions.size() < trained) {
            int index = random.nextInt(size());
            Question question = question(index);
            if (question != null && isTrainable(question, exam) && used.add(index)) {
                questions.add(question);
            }
        }
        return questions;
    }

    private static boolean isTrainable(Question question, Set<String> exam) {
        return Collections.disjoint(exam, question.keys());
    }

    /** One combination; null if its row would repeat an entry. */
    private Question question(int index) {
        int rest = index / phrasings.size();
        int line = 0;
        while (rest >= rows.get(line).size()) {
            rest -= rows.get(line++).size();
        }
        List<String> row = rows.get(line).row(rest);
        if (row.isEmpty() || (distinct && new HashSet<>(row).size() < row.size())) {
            return null;
        }
        List<String> turns = new ArrayList<>();
        for (String turn : TURNS.split(phrasings.get(index % phrasings.size()))) {
            turns.add(fill(turn, row));
        }
        String filled = fill(answers.get(0), row);
        return new Question(name, turns, Typing.upperFirst(filled), cased);
    }

    /**
     * Fills the columns of a row into a template; <code>{a0}</code> and <code>{A0}</code> add the article, <code>{s0}
     * </code> and <code>{S0}</code> are the plural.
     */
    static String fill(String template, List<String> row) {
        Matcher column = COLUMN.matcher(template);
        StringBuilder text = new StringBuilder();
        while (column.find()) {
            int index = Integer.parseInt(column.group(2));
            if (index >= row.size()) {
                throw new IllegalArgumentException("No column {" + index + "} in " + row + ": " + template);
            }
            String word = row.get(index);
            String filled =
                    switch (column.group(1)) {
                        case "a" -> Noun.article(word) + " " + word;
                        case "A" -> Typing.upperFirst(Noun.article(word)) + " " + word;
                        case "s" -> Noun.plural(word);
                        case "S" -> Typing.upperFirst(Noun.plural(word));
                        default -> word;
                    };
            column.appendReplacement(text, Matcher.quoteReplacement(filled));
        }
        return column.appendTail(text).toString();
    }
}
