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
 * The trained tensors of one model. Makes them, registers them with the module, and knows which rows of which tensor
 * have which Hugging Face name. Tensors that are multiplied with the same input are stacked in one.
 *
 * <p>Initial values. Weights are normally distributed around 0. Their standard deviation is 1/√C, where C is the hidden
 * size; this keeps the variance of vectors of width C that are multiplied with them (LeCun et al. 1998, Efficient
 * BackProp, section 4.6). For weights that write to the residual stream it is 1/√(2 L C), so that the sum of the 2 L
 * branches of L layers keeps its variance (GPT-2, Radford et al. 2019, section 2.3). Biases are 0 and the scales of
 * norms 1, as in transformers.
 */
final class Parameters implements AutoCloseable {

    /**
     * A module whose rows are part of a stacked tensor.
     *
     * @param module its Hugging Face name: that of the weight or bias without the last part
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

    /** The initial values come from a separate generator, so they depend on the configuration and the seed alone. */
    Parameters(Module module, ModelConfig config, long seed) {
        this.module = module;
        deviation = 1 / Math.sqrt(config.hiddenSize());
        residualDeviation = deviation / Math.sqrt(2.0 * config.layers());
        try (PointerScope scope = new PointerScope()) {
            generator = torch.make_generator_cpu(seed).retainReference();
        }
    }

    /** Linear layers with the same {@code inputs}, whose outputs are stacked, with or without bias. */
    Linear linear(long inputs, boolean bias, Rows... outputs) {
        Tensor weight = matrix(deviation, inputs, outputs);
        return new Linear(weight, bias ? vector(".bias", 0, outputs) : null);
    }

    /** A linear layer that writes to the residual stream, with or without bias. */
    Linear residualLinear(long inputs, boolean bias, Rows output) {
        Tensor weight = matrix(residualDeviation, inputs, output);
        return new Linear(weight, bias ? vector(".bias", 0, output) : null);
    }

    /** One vector per row, [rows, columns]. */
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

    /** The tensor that {@code of} returns for each trained tensor, which has the same shape, cut into views by name. */
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
