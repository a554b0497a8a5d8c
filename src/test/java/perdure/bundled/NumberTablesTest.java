package perdure.bundled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NumberTablesTest {

    private final Map<String, List<List<String>>> tables = NumberTables.all();

    @Test
    void computesRightly() {
        for (List<String> row : tables.get("sums")) {
            assertEquals(number(row, 2), number(row, 0) + number(row, 1), row.toString());
        }
        for (List<String> row : tables.get("differences")) {
            assertEquals(number(row, 2), number(row, 0) - number(row, 1), row.toString());
        }
        for (List<String> row : tables.get("products")) {
            assertEquals(number(row, 2), number(row, 0) * number(row, 1), row.toString());
        }
        for (List<String> row : tables.get("large-sums")) {
            assertTrue(number(row, 0) + number(row, 1) > 20, row.toString());
        }
        for (List<String> row : tables.get("comparisons")) {
            assertEquals(number(row, 2), Math.max(number(row, 0), number(row, 1)), row.toString());
            assertEquals(number(row, 3), Math.min(number(row, 0), number(row, 1)), row.toString());
        }
    }

    @Test
    void writesSequencesUpAndDown() {
        assertEquals(
                List.of("3", "1, 2, 3", "3, 2, 1", "three"),
                tables.get("counts").get(0));
    }

    private static int number(List<String> row, int column) {
        return Integer.parseInt(row.get(column));
    }
}
