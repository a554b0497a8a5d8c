package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** In a process of its own, since what other tests free while this one counts would count too. */
class MallocTest {
    private static final int SIZE = 64 << 20;
    private static final int SLACK = 8 << 20;

    /**
     * A program that prints by how much the count grows: with a tensor, after it is freed, and with a Java array. Then it
     * prints how much is mapped for a small tensor, with each setting.
     */
    static final class Program {
        public static void main(String[] arguments) {
            NativeRuntime.load();
            long before = Malloc.allocatedBytes();
            if (before < 0) {
                return;
            }
            try (Tensor tensor = torch.ones(SIZE / Float.BYTES)) {
                System.out.println(Malloc.allocatedBytes() - before);
                tensor.add_(tensor);
            }
            System.out.println(Malloc.allocatedBytes() - before);
            byte[] array = new byte[SIZE];
            Arrays.fill(array, (byte) 1);
            System.out.println(Malloc.allocatedBytes() - before - array[SIZE - 1]);
            Malloc.mapTensors();
            System.out.println(mappedFor(1 << 20));
            Malloc.keepFreedMemory();
            System.out.println(mappedFor(1 << 20));
        }

        /** Bytes that are mapped for a tensor of that many. */
        private static long mappedFor(int bytes) {
            long before = Malloc.usage().hblkhd;
            try (Tensor tensor = torch.ones(bytes / Float.BYTES)) {
                return Malloc.usage().hblkhd - before;
            }
        }
    }

    @Test
    void countsTensorsUntilTheyAreFreedAndNotTheJavaHeap() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            boolean counts = line != null;
            if (counts) {
                assertEquals(SIZE, Long.parseLong(line), SLACK);
                assertEquals(0, Long.parseLong(output.readLine()), SLACK);
                assertTrue(Long.parseLong(output.readLine()) < SLACK);
                assertTrue(Long.parseLong(output.readLine()) >= 1 << 20);
                assertEquals(0, Long.parseLong(output.readLine()));
            }
            assertEquals(0, process.waitFor());
            assumeTrue(counts, "the allocator is not glibc's");
        } finally {
            process.destroyForcibly();
        }
    }
}
