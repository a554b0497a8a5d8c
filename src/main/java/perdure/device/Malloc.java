package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.Platform;

/**
 * Tells the C library's allocator, where that is glibc's, to keep memory that libtorch frees. By default it hands a
 * step's tensors back to the system and takes them anew, zeroed page by page, at every step: worst on any thread but
 * the process's first, and the {@code java} launcher runs {@code main} on another. A matter of speed only.
 */
final class Malloc {

    // malloc.h
    private static final int M_TRIM_THRESHOLD = -1;
    private static final int M_TOP_PAD = -2;
    private static final int M_MMAP_THRESHOLD = -3;

    /** Most that glibc takes: blocks from here on are mapped one by one. */
    private static final int LARGEST_BLOCK = 32 << 20;

    /** Twice the size of a heap of glibc's: a heap that has become empty stays. */
    private static final int SLACK = 128 << 20;

    private Malloc() {}

    static void keepFreedMemory() {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            Function mallopt = Function.getFunction("c", "mallopt");
            mallopt.invokeInt(new Object[] {M_MMAP_THRESHOLD, LARGEST_BLOCK});
            mallopt.invokeInt(new Object[] {M_TRIM_THRESHOLD, Integer.MAX_VALUE});
            mallopt.invokeInt(new Object[] {M_TOP_PAD, SLACK});
        } catch (UnsatisfiedLinkError otherLibrary) {
            // musl and others have no such function, and free in other ways.
        }
    }
}
