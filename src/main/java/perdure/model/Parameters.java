package perdure.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The trained tensors of one model: makes them, registers them with its module, and knows which rows of which tensor
 * carry which Hugging Face name. Tensors that a forward pass multiplies with the same input lie stacked in one.
 *
 * <p>Initial values. Weights are normal around 0. Their standard deviation is 1/√C, C being the hidden size, which keeps
 * the variance of what a width of C is multiplied into (LeCun et al. 1998, Efficient BackProp, section 4.6). For weights
 * that write to the residual stream it is 1/√(2 L C): the sum of the 2 L branches of L layers keeps its variance (GPT-2,
 * Radford et al. 2019, section 2.3). Biases are 0 and the scales of norms 1, as in transformers.
 */
final class Parameters implements AutoCloseable {

    /**
     * One of the modules whose rows are stacked in a tensor.
     *
     * @param module its Hugging Face name: that of the weight or bias without its last part
     */
    record Rows(String module, long count) {}

    /** Rows {@code from … from + count - 1} of the trained tensor. */
    private record Named(Tensor tensor, long from, long count) {}

    private final Module module;
    private final Generator generator;
    private final double deviation;
    private final double residualDeviation;
    private final List<Tensor> matrices = new ArrayList<>();
    private final List<Tensor> vectors = new ArrayList<>();
    private final Map<String, Named> names = new LinkedHashMap<>();

    /** The initial values come from a generator of its own, so that they follow from configuration and seed alone. */
    Parameters(Module module, ModelConfig config, long seed) {
        this.module = module;
        deviation = 1 / Math.sqrt(config.hiddenSize());
        residualDeviation = deviation / Math.sqrt(2.0 * config.layers());
        try (PointerScope scope = new PointerScope()) {
            generator = torch.make_generator_cpu(seed).retainReference();
        }
    }

    /** Linear layers of the same {@code inputs}, their outputs stacked, with a bias or without. */
    Linear linear(long inputs, boolean bias, Rows... outputs) {
        Tensor weight = matrix(deviation, inputs, outputs);
        return new Linear(weight, bias ? vector(".bias", 0, outputs) : null);
    }

    /** A linear layer without bias that writes to the residual stream. */
    Linear residualLinear(long inputs, Rows output) {
        return new Linear(matrix(residualDeviation, inputs, output), null);
    }

    /** A vector for each of the {@code rows}, [rows, columns]. */
    Tensor embedding(long columns, Rows rows) {
        return matrix(deviation, columns, rows);
    }

    /** The scale of a norm: a vector of ones. */
    Tensor scale(String name, long size) {
        return vector(".weight", 1, new Rows(name, size));
    }

    private Tensor matrix(double deviation, long columns, Rows... stacked) {
        try (PointerScope scope = new PointerScope()) {
            Tensor values =
                    torch.empty(count(stacked), columns).normal_(0, deviation, new GeneratorOptional(generator));
            return register(values, ".weight", matrices, stacked);
        }
    }

    private Tensor vector(String kind, double value, Rows... stacked) {
        try (PointerScope scope = new PointerScope()) {
            Tensor values = torch.full(new long[] {count(stacked)}, new Scalar(value));
            return register(values, kind, vectors, stacked);
        }
    }

    private static long count(Rows... stacked) {
        return Arrays.stream(stacked).mapToLong(Rows::count).sum();
    }

    private Tensor register(Tensor values, String kind, List<Tensor> list, Rows... stacked) {
        String name = (stacked[0].module + kind).replace('.', '_');
        Tensor parameter = module.register_parameter(name, values, true);
        Tensor kept = new Tensor(parameter).retainReference(); // Outlives the scope; the same native tensor.
        list.add(kept);
        long from = 0;
        for (Rows part : stacked) {
            names.put(part.module + kind, new Named(kept, from, part.count));
            from += part.count;
        }
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
