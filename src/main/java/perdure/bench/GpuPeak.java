package perdure.bench;

import java.util.List;
import java.util.OptionalDouble;
import perdure.device.Precision;

/**
 * The floating-point operations per second that NVIDIA's data sheets give for matrix products of dense matrices. They name
 * twice as many for bf16 and TF32, of matrices half of whose values are zero.
 *
 * @param name what the name of the card contains
 */
public record GpuPeak(String name, double bf16, double tf32, double fp32) {

    /** The first that fits counts. */
    private static final List<GpuPeak> KNOWN = List.of(
            new GpuPeak("H100 PCIe", 756e12, 378e12, 51e12),
            new GpuPeak("H100 NVL", 835e12, 417e12, 60e12),
            new GpuPeak("H100", 989e12, 494e12, 67e12),
            new GpuPeak("H200 NVL", 835e12, 417e12, 60e12),
            new GpuPeak("H200", 989e12, 494e12, 67e12),
            new GpuPeak("A100", 312e12, 156e12, 19.5e12));

    /** That of a card; empty if it is not known. */
    public static OptionalDouble of(String card, Precision precision) {
        return KNOWN.stream()
                .filter(gpu -> card.contains(gpu.name))
                .mapToDouble(gpu -> switch (precision) {
                    case BF16 -> gpu.bf16;
                    case TF32 -> gpu.tf32;
                    case FP32 -> gpu.fp32;
                })
                .findFirst();
    }
}
