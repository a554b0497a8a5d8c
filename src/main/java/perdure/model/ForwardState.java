package perdure.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What a forward pass depends on besides its inputs and weights: the random generators, which dropout uses. With it the
 * same forward pass can run again later and gives the same bytes.
 */
final class ForwardState implements AutoCloseable {

    private final List<Generator> generators = new ArrayList<>();
    private final List<Tensor> states;

    /**
     * The state of this moment, for computations on that device.
     *
     * @param generator of the CPU's random numbers; null: the default one
     */
    ForwardState(Device device, Generator generator) {
        try (PointerScope scope = new PointerScope()) {
            generators.add(
                    (generator == null ? torch.getDefaultCPUGenerator() : new Generator(generator)).retainReference());
            if (device.is_cuda()) {
                generators.add(torch.globalContext().defaultGenerator(device).retainReference());
            }
        }
        states = current();
    }

    private List<Tensor> current() {
        try (PointerScope scope = new PointerScope()) {
            return generators.stream()
                    .<Tensor>map(generator -> generator.get_state().retainReference())
                    .toList();
        }
    }

    private void set(List<Tensor> saved) {
        for (int i = 0; i < saved.size(); i++) {
            generators.get(i).set_state(saved.get(i));
        }
    }

    /** The result of a computation in this state. Afterwards the state is as before the call. */
    Tensor replay(Supplier<Tensor> computation) {
        List<Tensor> before = current();
        set(states);
        try {
            return computation.get();
        } finally {
            set(before);
            before.forEach(Tensor::close);
        }
    }

    @Override
    public void close() {
        states.forEach(Tensor::close);
        generators.forEach(Generator::close);
    }
}
