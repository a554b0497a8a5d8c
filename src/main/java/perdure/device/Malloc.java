package perdure.device;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;

/** The memory allocator of the C library, if that is glibc. libtorch uses it for tensors on the CPU. */
public final class Malloc {

    /** The variable that limits the arenas, the parts of memory that threads allocate from. It is read at the start alone. */
    public static final String ARENAS = "MALLOC_ARENA_MAX";

    // malloc.h
    private static final int M_TRIM_THRESHOLD = -1;
    private static final int M_TOP_PAD = -2;
    private static final int M_MMAP_THRESHOLD = -3;

    /** The largest value that glibc accepts: larger blocks are mapped one by one. */
    private static final int LARGEST_BLOCK = 32 << 20;

    /** Twice the size of one of glibc's heaps: a heap that becomes empty is kept. */
    private static final int SLACK = 128 << 20;

    /** What two of the largest blocks leave of a heap of 64 MB for what it holds already, for each of them. */
    private static final long HEAP_SLACK = 1 << 20;

    /** Smaller tensors leave small gaps. */
    private static final int LARGE_TENSOR = 512 << 10;

    private Malloc() {}

    /**
     * Bytes that native code of this process has allocated and not freed: tensors on the CPU, and the data of libtorch
     * and of the Java virtual machine itself. Without the Java heap and mapped files. Takes up to a millisecond while
     * training, since the allocator walks through its free blocks.
     *
     * @return -1 if the allocator is not glibc 2.33 or newer, and so cannot tell
     */
    public static long allocatedBytes() {
        if (!Platform.isLinux()) {
            return -1;
        }
        try {
            Usage usage = usage();
            return usage.uordblks + usage.hblkhd;
        } catch (LinkageError otherLibrary) {
            return -1;
        }
    }

    /** @throws LinkageError if the allocator cannot tell */
    static Usage usage() {
        return (Usage) CLibrary.function("mallinfo2").invoke(Usage.class, new Object[0]);
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
        /** Bytes in blocks that were mapped one by one. */
        public long hblkhd;

        public long usmblks;
        public long fsmblks;
        /** Bytes in all other blocks. */
        public long uordblks;

        public long fordblks;
        public long keepcost;
    }

    /**
     * Tells the allocator to keep memory that libtorch frees. By default glibc returns the tensors of a step to the
     * system and takes new pages, which the system sets to zero, at every step. This is worst on all threads but the
     * first of the process, and the {@code java} launcher runs {@code main} on another one. Only speed depends on it.
     */
    public static void keepFreedMemory() {
        set(M_MMAP_THRESHOLD, LARGEST_BLOCK);
        set(M_TRIM_THRESHOLD, Integer.MAX_VALUE);
        set(M_TOP_PAD, SLACK);
    }

    /**
     * Has the heap of the calling thread grow at once, which otherwise it does by single pages, with a system call for each:
     * 11,000 of them while libtorch is loaded. No memory is used by that. To be called after {@link #keepFreedMemory}.
     */
    static void growHeap() {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            Function allocate = CLibrary.function("malloc");
            Function free = CLibrary.function("free");
            Pointer first = allocate.invokePointer(new Object[] {LARGEST_BLOCK - HEAP_SLACK});
            Pointer second = allocate.invokePointer(new Object[] {LARGEST_BLOCK - HEAP_SLACK});
            free.invokeVoid(new Object[] {first});
            free.invokeVoid(new Object[] {second});
        } catch (LinkageError noJna) {
            return; // The start takes a little longer.
        }
    }

    /**
     * Tells the allocator to map each large tensor by itself, until {@link #keepFreedMemory} is called. For a first step, in which
     * the libraries allocate what they keep from then on: among tensors that would cut the memory that these leave into
     * pieces, which larger ones cannot use. Only the memory and the speed depend on it.
     */
    public static void mapTensors() {
        set(M_MMAP_THRESHOLD, LARGE_TENSOR);
    }

    private static void set(int parameter, int value) {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            CLibrary.function("mallopt").invokeInt(new Object[] {parameter, value});
        } catch (LinkageError otherLibrary) {
            return; // musl and others have no such function.
        }
    }
}
