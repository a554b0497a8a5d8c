package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import com.sun.jna.Structure;

/** The C library's allocator, where that is glibc's: libtorch takes the CPU's tensors from it. */
public final class Malloc {

    // malloc.h
    private static final int M_TRIM_THRESHOLD = -1;
    private static final int M_TOP_PAD = -2;
    private static final int M_MMAP_THRESHOLD = -3;

    /** Most that glibc takes: blocks from here on are mapped one by one. */
    private static final int LARGEST_BLOCK = 32 << 20;

    /** Twice the size of a heap of glibc's: a heap that has become empty stays. */
    private static final int SLACK = 128 << 20;

    private Malloc() {}

    /**
     * Bytes that native code of this process has allocated and not freed: tensors on the CPU, libtorch's and the Java
     * virtual machine's own data. Neither the Java heap nor mapped files are among them. Takes up to a millisecond
     * while training, since the allocator walks through its free blocks.
     *
     * @return -1 where the allocator is not glibc's, 2.33 or newer, and does not tell
     */
    public static long allocatedBytes() {
        if (!Platform.isLinux()) {
            return -1;
        }
        try {
            Function mallinfo = Function.getFunction("c", "mallinfo2");
            Usage usage = (Usage) mallinfo.invoke(Usage.class, new Object[0]);
            return usage.uordblks + usage.hblkhd;
        } catch (UnsatisfiedLinkError otherLibrary) {
            return -1;
        }
    }

    /** {@code struct mallinfo2} of malloc.h, whose ten fields are of type {@code size_t}. */
    @Structure.FieldOrder({
        "arena",
        "ordblks",
        "smblks",
        "hblks",
        "hblkhd",
        "usmblks",
        "fsmblks",
        "uordblks",
        "fordblks",
        "keepcost"
    })
    public static final class Usage extends Structure implements Structure.ByValue {
        public long arena;
        public long ordblks;
        public long smblks;
        public long hblks;
        /** In blocks that were mapped one by one. */
        public long hblkhd;

        public long usmblks;
        public long fsmblks;
        /** In all other blocks. */
        public long uordblks;

        public long fordblks;
        public long keepcost;
    }

    /**
     * Tells the allocator to keep memory that libtorch frees. By default it hands a step's tensors back to the system
     * and takes them anew, zeroed page by page, at every step: worst on any thread but the process's first, and the
     * {@code java} launcher runs {@code main} on another. A matter of speed only.
     */
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
