package perdure.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.device.GpuMeter.Reading;

/** Read from a library that a C compiler makes from the declarations of NVIDIA's NVML API reference. */
@ExtendWith(LoadedNatives.class)
class GpuMeterTest {
    private static final Path COMPILER = Path.of("/usr/bin/gcc");
    private static final String BUS_ID = "00000000:65:00.0";

    private static final String NVML = """
            #include <string.h>
            typedef int nvmlReturn_t;
            typedef struct nvmlDevice_st { int load; } *nvmlDevice_t;
            typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
            typedef struct { unsigned int gpu, memory; } nvmlUtilization_t;
            static struct nvmlDevice_st device;
            static int initialized;
            nvmlReturn_t nvmlInit_v2(void) { initialized = 1; return 0; }
            nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *id, nvmlDevice_t *found) {
                if (!initialized) return 1;
                if (strcmp(id, "00000000:65:00.0")) return 6;
                *found = &device;
                return 0;
            }
            nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t of, nvmlMemory_t *memory) {
                if (of != &device) return 2;
                memory->total = 85899345920ULL;
                memory->used = 42000000000ULL;
                memory->free = memory->total - memory->used;
                return 0;
            }
            nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t of, nvmlUtilization_t *rates) {
                if (of != &device) return 2;
                rates->gpu = 97;
                rates->memory = 31;
                return UTILIZATION;
            }
            """;

    @TempDir
    Path folder;

    @BeforeEach
    void requireCompiler() {
        assumeTrue(Files.isExecutable(COMPILER), "no C compiler");
    }

    /** @param utilization what nvmlDeviceGetUtilizationRates returns */
    private GpuMeter meter(int utilization, String busId) throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve("nvml.c"), NVML);
        Path library = folder.resolve("libnvml-" + utilization + ".so");
        Process compiler = new ProcessBuilder(
                        COMPILER.toString(),
                        "-shared",
                        "-fPIC",
                        "-DUTILIZATION=" + utilization,
                        "-o",
                        library.toString(),
                        source.toString())
                .inheritIO()
                .start();
        assertEquals(0, compiler.waitFor());
        return new GpuMeter(CLibrary.library(library.toString()), busId);
    }

    @Test
    void readsMemoryAndUtilization() throws Exception {
        assertEquals(
                new Reading(42_000_000_000L, 85_899_345_920L, 97),
                meter(0, BUS_ID).read());
    }

    @Test
    void someGpusDoNotTellTheirUtilization() throws Exception {
        int notSupported = 3;
        assertEquals(
                new Reading(42_000_000_000L, 85_899_345_920L, null),
                meter(notSupported, BUS_ID).read());
    }

    @Test
    void doesNotKnowEveryGpu() {
        assertThrows(IllegalStateException.class, () -> meter(0, "00000000:01:00.0"));
    }

    @Test
    void aProcessorHasNone() {
        assertNull(GpuMeter.of(new Device("cpu")));
    }

    @Test
    @Tag("gpu")
    void readsARealGpu() {
        assumeTrue(Devices.cudaAvailable(), "no CUDA device");
        Device gpu = Devices.resolve("cuda");
        Devices.copy(org.bytedeco.pytorch.global.torch.ones(1), gpu);
        Reading reading = GpuMeter.of(gpu).read();
        assertNotNull(reading);
        assertTrue(reading.usedBytes() > 0 && reading.usedBytes() <= reading.totalBytes(), reading.toString());
    }
}
