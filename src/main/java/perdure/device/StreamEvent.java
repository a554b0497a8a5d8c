package perdure.device;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceGuardImplInterface;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.EventFlag;

/**
 * That the device of a tensor has done what the thread that makes this has given it until then. Any thread may wait for
 * it. The CPU has done it always.
 */
public final class StreamEvent implements AutoCloseable {

    private final PointerPointer<Pointer> event; // null: on the CPU
    private final byte gpu;

    public StreamEvent(Tensor tensor) {
        if (tensor.is_cpu()) {
            event = null;
            gpu = -1;
            return;
        }
        try (PointerScope scope = new PointerScope()) {
            event = new PointerPointer<>(1);
            event.retainReference();
            event.put(0, (Pointer) null);
            Device device = tensor.device();
            gpu = device.index();
            guard().record(event, guard().getStream(device), gpu, EventFlag.PYTORCH_DEFAULT);
        }
    }

    private static DeviceGuardImplInterface guard() {
        return torch.getDeviceGuardImpl(DeviceType.CUDA);
    }

    /** Returns when the device has done it. What it was given later is not waited for. */
    public void await() {
        if (event != null) {
            try (PointerScope scope = new PointerScope()) {
                guard().synchronizeEvent(event.get(0));
            }
        }
    }

    @Override
    public void close() {
        if (event != null) {
            try (PointerScope scope = new PointerScope()) {
                guard().destroyEvent(event.get(0), gpu);
            }
            event.close();
        }
    }
}
