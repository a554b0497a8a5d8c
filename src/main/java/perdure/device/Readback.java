package perdure.device;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Numbers that a device computes, on their way to the host. Whoever reads them waits until the device has them, but not
 * for what it was given afterwards, as {@link Tensor#item} would.
 */
public final class Readback implements AutoCloseable {

    private final Tensor host; // (N), pinned if the device is a GPU
    private final StreamEvent arrived;

    /** @param numbers (N) in float64; they may change afterwards */
    public Readback(Tensor numbers) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            if (numbers.is_cpu()) {
                host = numbers.clone().retainReference();
            } else {
                host = torch.zeros(numbers.numel())
                        .to(ScalarType.Double)
                        .pin_memory()
                        .retainReference();
                host.copy_(numbers, true);
            }
            arrived = new StreamEvent(numbers);
        }
    }

    /** Waits for the numbers. */
    public double[] read() {
        arrived.await();
        double[] numbers = new double[Math.toIntExact(host.numel())];
        host.data_ptr_double().get(numbers);
        return numbers;
    }

    @Override
    public void close() {
        arrived.close();
        host.close();
    }
}
