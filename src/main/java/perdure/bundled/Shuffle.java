package perdure.bundled;

import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * The shuffle of Fisher and Yates with {@link Random}, whose sequence is specified, so the order is the same on every
 * JVM.
 */
public final class Shuffle {

    private Shuffle() {}

    /** Shuffles {@code list}. */
    public static void shuffle(List<?> list, Random random) {
        for (int i = list.size() - 1; i > 0; i--) {
            Collections.swap(list, i, random.nextInt(i + 1));
        }
    }
}
