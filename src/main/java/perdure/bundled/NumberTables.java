package perdure.bundled;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** The computed tables of the world: sums, sequences, comparisons. */
final class NumberTables {

    /** The largest number that the world adds to or counts to. */
    private static final int MOST = 20;

    private static final List<String> WORDS = List.of(
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty");

    private NumberTables() {}

    /** Rows by table name. */
    static Map<String, List<List<String>>> all() {
        Map<String, List<List<String>>> tables = new HashMap<>();
        arithmetic(tables);
        comparisons(tables);
        sequences(tables);
        large(tables);
        return tables;
    }

    private static void arithmetic(Map<String, List<List<String>>> tables) {
        List<List<String>> sums = table(tables, "sums");
        List<List<String>> differences = table(tables, "differences");
        List<List<String>> smallSums = table(tables, "small-sums");
        List<List<String>> products = table(tables, "products");
        List<List<String>> sumsInWords = table(tables, "sums-in-words");
        List<List<String>> differencesInWords = table(tables, "differences-in-words");
        List<List<String>> productsInWords = table(tables, "products-in-words");
        List<List<String>> doubles = table(tables, "doubles");
        for (int a = 0; a <= MOST; a++) {
            for (int b = 0; a + b <= MOST; b++) {
                sums.add(row(a, b, a + b, WORDS.get(a), WORDS.get(b)));
                differences.add(row(a + b, b, a, WORDS.get(a + b), WORDS.get(b)));
                if (a >= 2 && b >= 2 && a <= 9 && b <= 9) {
                    smallSums.add(row(a, b, a + b));
                }
            }
        }
        for (int a = 0; a <= 10; a++) {
            for (int b = 0; b <= 10; b++) {
                products.add(row(a, b, a * b, WORDS.get(a), WORDS.get(b)));
                if (a >= 1 && b >= 1) {
                    sumsInWords.add(row(a, b, a + b, WORDS.get(a), WORDS.get(b)));
                    if (a + b <= 10) {
                        differencesInWords.add(row(a + b, b, a, WORDS.get(a + b), WORDS.get(b)));
                    }
                    productsInWords.add(row(a, b, a * b, WORDS.get(a), WORDS.get(b)));
                }
            }
            doubles.add(row(a, 2 * a, WORDS.get(a), WORDS.get(2 * a)));
        }
    }

    private static void comparisons(Map<String, List<List<String>>> tables) {
        List<List<String>> comparisons = table(tables, "comparisons");
        List<List<String>> parities = table(tables, "parities");
        for (int a = 0; a <= MOST; a++) {
            for (int b = a + 1; b <= 12; b++) {
                comparisons.add(row(a, b, b, a));
                comparisons.add(row(b, a, b, a));
            }
            String parity = a % 2 == 0 ? "even" : "odd";
            parities.add(row(a, parity, a % 2 == 0 ? "odd" : "even", WORDS.get(a)));
        }
    }

    private static void sequences(Map<String, List<List<String>>> tables) {
        List<List<String>> ranges = table(tables, "ranges");
        List<List<String>> counts = table(tables, "counts");
        List<List<String>> successors = table(tables, "successors");
        List<List<String>> letters = table(tables, "letters");
        for (int a = 1; a <= MOST; a++) {
            for (int b = a + 2; b <= Math.min(MOST, a + 7); b++) {
                ranges.add(row(a, b, sequence(a, b)));
            }
            if (a >= 3 && a <= 12) {
                counts.add(row(a, sequence(1, a), sequence(a, 1), WORDS.get(a)));
            }
        }
        for (int a = 0; a < 30; a++) {
            successors.add(row(a, a + 1));
        }
        for (char letter = 'A'; letter < 'Z'; letter++) {
            letters.add(row(letter, (char) (letter + 1)));
        }
    }

    /** What the world does not compute: numbers that are too large. */
    private static void large(Map<String, List<List<String>>> tables) {
        List<List<String>> large = table(tables, "large");
        List<List<String>> largeSums = table(tables, "large-sums");
        for (int a = MOST + 1; a < 1000; a += 1 + a / 7) {
            for (int b = MOST + 3; b < 1000; b += 1 + b / 8) {
                large.add(row(a, b));
            }
            for (int b = 1; b <= MOST; b += 2) {
                large.add(row(a, b));
                largeSums.add(row(b, a));
            }
        }
        for (int a = 1; a <= MOST; a++) {
            for (int b = MOST + 6 - a; b <= MOST; b++) {
                largeSums.add(row(a, b));
            }
        }
    }

    private static List<List<String>> table(Map<String, List<List<String>>> tables, String name) {
        List<List<String>> rows = new ArrayList<>();
        tables.put(name, rows);
        return rows;
    }

    private static List<String> row(Object... columns) {
        List<String> row = new ArrayList<>();
        for (Object column : columns) {
            row.add(column.toString());
        }
        return row;
    }

    /** The numbers from one to the other, up or down, separated by commas. */
    private static String sequence(int from, int to) {
        StringJoiner numbers = new StringJoiner(", ");
        int step = Integer.signum(to - from);
        for (int n = from; n != to + step; n += step) {
            numbers.add(Integer.toString(n));
        }
        return numbers.toString();
    }
}
