package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class PrecisionTest {

    @Test
    void knowsItsTwoNames() {
        assertEquals(Precision.FP32, Precision.parse("fp32"));
        assertEquals(Precision.BF16, Precision.parse("bf16"));
        assertThrows(IllegalArgumentException.class, () -> Precision.parse("fp16"));
    }

    @Test
    void multipliesInItsOwnTypeWhileOpen() {
        NativeRuntime.load();
        try (PointerScope scope = new PointerScope()) {
            Device cpu = Devices.resolve("cpu");
            Tensor x = torch.ones(2, 2);
            try (Precision.Scope precision = Precision.BF16.open(cpu)) {
                assertEquals(
                        ScalarType.BFloat16, torch.linear(x, x).scalar_type().intern());
            }
            assertEquals(ScalarType.Float, torch.linear(x, x).scalar_type().intern());
            try (Precision.Scope precision = Precision.FP32.open(cpu)) {
                assertEquals(ScalarType.Float, torch.linear(x, x).scalar_type().intern());
            }
        }
    }
}
