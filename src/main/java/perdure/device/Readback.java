package perdure.device;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceGuardImplInterface;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.EventFlag;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Numbers that a device computes, on their way to the host. Whoever reads them waits until the device has them, but not
 * for what it was given afterwards, as {@link Tensor#item} would.
 */
public final class Readback implements AutoCloseable {

    private final Tensor host; // (N), pinned if the device is a GPU
    private final PointerPointer<Pointer> event; // recorded when they have arrived; null: they have

    /** @param numbers (N) in float64; they may change afterwards */
    public Readback(Tensor numbers) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            if (numbers.is_cpu()) {
                host = numbers.clone().retainReference();
                event = null;
                return;
            }
            host = torch.zeros(numbers.numel())
                    .to(ScalarType.Double)
                    .pin_memory()
                    .retainReference();
            host.copy_(numbers, true);
            event = new PointerPointer<>(1);
            event.retainReference();
            event.put(0, (Pointer) null);
            Device device = numbers.device();
            guard().record(event, guard().getStream(device), device.index(), EventFlag.PYTORCH_DEFAULT);
        }
    }

    private static DeviceGuardImplInterface guard() {
        return torch.getDeviceGuardImpl(DeviceType.CUDA);
    }

    /** Waits for the numbers. */
    public double[] read() {
        if (event != null) {
            guard().synchronizeEvent(event.get(0));
        }
        double[] numbers = new double[Math.toIntExact(host.numel())];
        host.data_ptr_double().get(numbers);
        return numbers;
    }

    @Override
    public void close() {
        if (event != null) {
            guard().destroyEvent(event.get(0), (byte) -1);
            event.close();
        }
        host.close();
    }
}
