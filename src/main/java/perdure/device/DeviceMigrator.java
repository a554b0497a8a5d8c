package perdure.device;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.WeakHashMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Moves modules to the device on which they are trained, and remembers where each one is. Safe for any thread. */
public final class DeviceMigrator {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceMigrator.class);

    /**
     * The device of a module that was checked. The module is stored here as well: native objects are equal if their
     * addresses are, and a new module may get the address of a freed one.
     */
    private record Checked(WeakReference<Module> module, String device) {}

    private static final Map<Module, Checked> CHECKED = new WeakHashMap<>();

    private DeviceMigrator() {}

    /** {@link #ensure(Module, Device, boolean)} with {@code once}. */
    public static void ensure(Module module, Device device) {
        ensure(module, device, true);
    }

    /**
     * Moves every parameter, its gradient and every buffer of the module to the device, unless it is there already. It
     * does so in place: the Java and native objects stay the same. Logs one line if anything of a module in training mode
     * moved. Models that answer are loaded anew with every checkpoint, and are not told of.
     *
     * @param once returns at once if the module was brought to this device before; false checks everything in any case
     */
    public static synchronized void ensure(Module module, Device device, boolean once) {
        try (PointerScope scope = new PointerScope()) {
            String target = device.str().getString();
            Checked checked = CHECKED.get(module);
            if (once && checked != null && checked.module.get() == module && checked.device.equals(target)) {
                return;
            }
            int moved = move(module.named_parameters(), device) + move(module.named_buffers(), device);
            if (moved > 0 && module.is_training()) {
                LOG.info("Migrating {} parameters to {}", moved, target);
            }
            CHECKED.put(module, new Checked(new WeakReference<>(module), target));
        }
    }

    private static int move(StringTensorDict tensors, Device device) {
        int moved = 0;
        for (long i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i).value();
            if (tensor.device().equals(device)) {
                continue;
            }
            Tensor gradient = tensor.mutable_grad();
            tensor.set_data(to(tensor, device));
            if (gradient.defined()) {
                gradient.put(to(gradient, device));
            }
            moved++;
        }
        return moved;
    }

    private static Tensor to(Tensor tensor, Device device) {
        ScalarType type = tensor.scalar_type();
        return tensor.detach().to(device, type);
    }
}
