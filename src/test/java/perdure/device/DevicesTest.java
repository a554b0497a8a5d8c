package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesTest {

    @Test
    void knowsTheCpu() {
        try (Device device = Devices.resolve("cpu")) {
            assertTrue(device.is_cpu());
            int threads = torch.get_num_threads();
            try {
                torch.set_num_threads(1);
                assertEquals("cpu (1 thread)", Devices.describe(device));
                torch.set_num_threads(2);
                assertEquals("cpu (2 threads)", Devices.describe(device));
            } finally {
                torch.set_num_threads(threads);
            }
        }
    }

    @Test
    void takesTheGpuOnlyWhereThereIsOne() {
        try (Device device = Devices.resolve("auto")) {
            assertEquals(Devices.cudaAvailable(), device.is_cuda());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cuda:1000", "cpu:0"})
    void refusesWhatIsNoDeviceByName(String text) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> Devices.resolve(text));
        assertTrue(error.getMessage().startsWith("device " + text + " is not one of"), error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuda", "cuda:0", "cuda:1"})
    void saysWhatIsMissingForAGpu(String text) {
        assumeFalse(Devices.cudaAvailable());
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> Devices.resolve(text));
        String missing =
                !NativeRuntime.cudaBuild() ? "-Pcuda" : NativeRuntime.cudaProblem() == null ? "driver" : "is missing";
        assertTrue(error.getMessage().startsWith("device " + text + ": "), error.getMessage());
        assertTrue(error.getMessage().contains(missing), error.getMessage());
    }

    @Test
    @Tag("gpu")
    void refusesAGpuBeyondTheLast() {
        assumeTrue(Devices.cudaAvailable(), "no CUDA device");
        try (Device first = Devices.resolve("cuda")) {
            assertEquals("cuda:0", first.str().getString());
        }
        assertThrows(IllegalArgumentException.class, () -> Devices.resolve("cuda:999"));
    }

    @ParameterizedTest
    @CsvSource({"cpu, cpu", "cuda:1, cuda:1", "gpu, gpu"})
    void aProcessTakesTheDeviceThatIsNamed(String text, String device) {
        assertEquals(device, Devices.ofProcess(text, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "cuda"})
    void aProcessTakesAGpuOfItsOwnIfThereAreAsMany(String text) {
        int gpus = Devices.cudaAvailable() ? torch.cuda_device_count() : 0;
        for (int process = 0; process < 3; process++) {
            assertEquals(gpus == 0 ? text : "cuda:" + process % gpus, Devices.ofProcess(text, process));
        }
    }
}
