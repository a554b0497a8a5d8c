package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MallocTest {
    private static final int SIZE = 64 << 20;
    private static final int SLACK = 8 << 20;

    @BeforeEach
    void load() {
        NativeRuntime.load();
        assumeTrue(Malloc.allocatedBytes() >= 0, "the allocator is not glibc's");
        LivePointers.settled(); // What other tests left would be freed while this one counts.
    }

    @Test
    void countsTensorsUntilTheyAreFreed() {
        long before = Malloc.allocatedBytes();
        try (Tensor tensor = torch.ones(SIZE / Float.BYTES)) {
            assertEquals(SIZE, Malloc.allocatedBytes() - before, SLACK);
            assertEquals(1, tensor.max().item_float());
        }
        assertEquals(0, Malloc.allocatedBytes() - before, SLACK);
    }

    @Test
    void doesNotCountTheJavaHeap() {
        long before = Malloc.allocatedBytes();
        byte[] array = new byte[SIZE];
        Arrays.fill(array, (byte) 1);
        assertTrue(Malloc.allocatedBytes() - before < SLACK);
        assertEquals(1, array[SIZE - 1]);
    }
}
