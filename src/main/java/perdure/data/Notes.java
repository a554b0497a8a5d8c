package perdure.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What one reading of a corpus found that people should know. */
final class Notes {

    private long documents;

    /** Counts a passage and returns it. */
    Passage add(Passage passage) {
        documents += passage.endsDocument() ? 1 : 0;
        return passage;
    }

    /** One line each. */
    List<String> lines(DataFiles files) {
        List<String> lines = new ArrayList<>();
        String skipped = files.skipped().isEmpty() ? "" : ", " + files.skipped();
        lines.add(count(files.files().size(), "file") + ", " + count(documents, "document") + skipped + ".");
        lines.addAll(files.duplicates());
        return List.copyOf(lines);
    }

    /** For example {@code 1 file} and {@code 1,200 files}. */
    static String count(long number, String thing) {
        return String.format(Locale.ROOT, "%,d %s%s", number, thing, number == 1 ? "" : "s");
    }
}
