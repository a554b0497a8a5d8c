package perdure.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The trained tensors of one model: makes them, registers them with its module, and knows which rows of which tensor
 * carry which Hugging Face name. Tensors that a forward pass multiplies with the same input lie stacked in one.
 */
final class Parameters implements AutoCloseable {

    /** Consecutive rows of a stacked tensor, and the Hugging Face name of the weight that they are. */
    record Rows(String name, long count) {}

    /** Rows {@code from … from + count - 1} of the trained tensor. */
    private record Named(Tensor tensor, long from, long count) {}

    private final Module module;
    private final Generator generator;
    private final List<Tensor> matrices = new ArrayList<>();
    private final List<Tensor> vectors = new ArrayList<>();
    private final Map<String, Named> names = new LinkedHashMap<>();

    /** The initial values come from a generator of its own, so that they follow from the seed alone. */
    Parameters(Module module, long seed) {
        this.module = module;
        try (PointerScope scope = new PointerScope()) {
            generator = torch.make_generator_cpu(seed).retainReference();
        }
    }

    /** A matrix of the stacked rows, each of {@code columns} values drawn from a normal distribution around 0. */
    Tensor matrix(double deviation, long columns, Rows... stacked) {
        long rows = 0;
        for (Rows part : stacked) {
            rows += part.count;
        }
        try (PointerScope scope = new PointerScope()) {
            Tensor values = torch.empty(rows, columns).normal_(0, deviation, new GeneratorOptional(generator));
            Tensor matrix = register(stacked[0].name, values, matrices);
            long from = 0;
            for (Rows part : stacked) {
                names.put(part.name, new Named(matrix, from, part.count));
                from += part.count;
            }
            return matrix;
        }
    }

    /** A vector of ones. */
    Tensor vector(String name, long size) {
        try (PointerScope scope = new PointerScope()) {
            Tensor vector = register(name, torch.ones(size), vectors);
            names.put(name, new Named(vector, 0, size));
            return vector;
        }
    }

    private Tensor register(String name, Tensor values, List<Tensor> list) {
        Tensor parameter = module.register_parameter(name.replace('.', '_'), values, true);
        Tensor kept = new Tensor(parameter).retainReference(); // Outlives the scope; the same native tensor.
        list.add(kept);
        return kept;
    }

    List<Tensor> matrices() {
        return List.copyOf(matrices);
    }

    List<Tensor> vectors() {
        return List.copyOf(vectors);
    }

    /** What {@code of} gives for each trained tensor, a tensor of the same shape, cut into views by name. */
    Map<String, Tensor> named(UnaryOperator<Tensor> of) {
        Map<String, Tensor> views = new LinkedHashMap<>();
        names.forEach(
                (name, rows) -> views.put(name, of.apply(rows.tensor).detach().narrow(0, rows.from, rows.count)));
        return views;
    }

    @Override
    public void close() {
        matrices.forEach(Tensor::close);
        vectors.forEach(Tensor::close);
        generator.close();
    }
}
