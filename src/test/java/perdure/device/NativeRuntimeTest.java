package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class NativeRuntimeTest {

    @Test
    void setsThreadsAndDeterminismAndDoesSoAgain() {
        NativeRuntime.load(NativeConfig.DEFAULT.withThreads(1));
        assertEquals(1, torch.get_num_threads());
        NativeRuntime.load(NativeConfig.DEFAULT.withThreads(2));
        assertEquals(2, torch.get_num_threads());
        NativeRuntime.load(); // Changes nothing now.
        assertEquals(2, torch.get_num_threads());
        assertTrue(torch.globalContext().deterministicAlgorithms());
        assertFalse(torch.globalContext().deterministicFillUninitializedMemory());
        NativeRuntime.load(NativeConfig.standard());
    }

    /** As on a machine of so many cores. With too many the process would end: an operation takes stack for each. */
    @Test
    void aThreadOfJavaHasStackEnoughForAnyNumberOfThreads() {
        NativeRuntime.load(NativeConfig.DEFAULT.withThreads(1024));
        try (PointerScope scope = new PointerScope()) {
            Tensor ids = torch.zeros(new long[] {64}).to(ScalarType.Long);
            Tensor sum = torch.zeros(300, 32).index_add_(0, ids, torch.ones(64, 32));
            assertEquals(64 * 32, sum.sum().item_float());
        } finally {
            NativeRuntime.load(NativeConfig.standard());
        }
    }

    @Test
    void anotherUserOfLibtorchMayHaveBeenFirst() {
        NativeRuntime.load(NativeConfig.standard());
        int before = (int) torch.get_num_interop_threads();
        NativeRuntime.setInterOpThreads(before);
        NativeRuntime.setInterOpThreads(before + 1);
        NativeRuntime.setInterOpThreads(before + 2);
        assertTrue(torch.get_num_interop_threads() > 0);
    }

    @Test
    void namesTheLibraryThatTheLinkerMisses() {
        UnsatisfiedLinkError error = new UnsatisfiedLinkError("no jnitorch in java.library.path");
        error.initCause(new UnsatisfiedLinkError("/cache/libjnitorch.so: libcupti.so.13: cannot open shared object"
                + " file: No such file or directory"));
        String line = NativeRuntime.explain(error);
        assertTrue(line.startsWith("libcupti.so.13 is missing"), line);
        assertFalse(line.contains("\n"));
    }
}
