package perdure.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import perdure.bench.TrainingBenchmark.Recipe;
import perdure.device.Precision;

class GpuPeakTest {

    @Test
    void isThatOfTheCardAndThePrecision() {
        assertEquals(989e12, GpuPeak.of("NVIDIA H100 80GB HBM3", Precision.BF16).getAsDouble());
        assertEquals(756e12, GpuPeak.of("NVIDIA H100 PCIe", Precision.BF16).getAsDouble());
        assertEquals(
                19.5e12, GpuPeak.of("NVIDIA A100-SXM4-80GB", Precision.FP32).getAsDouble());
        assertTrue(GpuPeak.of("NVIDIA GeForce GTX 1080", Precision.TF32).isEmpty());
    }

    /** 40.4 ms per step of d are 33 % of an H100, 142.7 of e 40 %: figures of BENCHMARKS.md. */
    @Test
    void givesTheShareOnRecord() {
        assertEquals(0.33, share(3, 40.4), 0.005);
        assertEquals(0.40, share(4, 142.7), 0.005);
    }

    private static double share(int recipe, double milliseconds) {
        double achieved = Recipe.onGpus().get(recipe).floatingPointOperations() / milliseconds * 1e3;
        return achieved / GpuPeak.of("NVIDIA H100 80GB HBM3", Precision.BF16).getAsDouble();
    }
}
