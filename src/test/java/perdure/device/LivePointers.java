package perdure.device;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.Pointer;

/**
 * The live native objects, which are counted for the whole process. Other tests leave some to the garbage collector,
 * which frees them at any time, so that between two counts there may be fewer, but never more without a leak.
 */
public final class LivePointers {

    private static final int STEADY = 3;

    private LivePointers() {}

    /** Their number, once the garbage collector has freed what others left. */
    public static long settled() {
        long count = Pointer.totalCount();
        for (int same = 0; same < STEADY; ) {
            System.gc();
            try {
                Thread.sleep(20); // A thread of its own frees them.
            } catch (InterruptedException stopped) {
                throw new AssertionError(stopped);
            }
            long now = Pointer.totalCount();
            same = now == count ? same + 1 : 0;
            count = now;
        }
        return count;
    }

    /** @param before counted by {@link #settled} */
    public static void assertNoMoreThan(long before, String what) {
        long now = Pointer.totalCount();
        assertTrue(now <= before, () -> what + ": " + before + " live native objects became " + now);
    }
}
