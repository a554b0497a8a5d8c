package perdure.bundled;

import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The shuffle of Fisher and Yates over {@link Random}, whose sequence is specified: equal on every JVM. */
public final class Shuffle {

    private Shuffle() {}

    /** Puts {@code list} into random order. */
    public static void shuffle(List<?> list, Random random) {
        for (int i = list.size() - 1; i > 0; i--) {
            Collections.swap(list, i, random.nextInt(i + 1));
        }
    }
}
