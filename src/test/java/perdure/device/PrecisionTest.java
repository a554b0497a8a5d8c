package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.Test;

class PrecisionTest {

    @Test
    void knowsItsNames() {
        assertEquals(Precision.FP32, Precision.parse("fp32"));
        assertEquals(Precision.TF32, Precision.parse("tf32"));
        assertEquals(Precision.BF16, Precision.parse("bf16"));
        assertThrows(IllegalArgumentException.class, () -> Precision.parse("fp16"));
    }

    @Test
    void tf32NeedsAGpu() {
        NativeRuntime.load();
        try (Device cpu = new Device("cpu")) {
            assertSame(cpu, Precision.BF16.require(cpu));
            String message = assertThrows(IllegalArgumentException.class, () -> Precision.TF32.require(cpu))
                    .getMessage();
            assertEquals("precision tf32: only a GPU has it, and the device is cpu.", message);
        }
    }
}
