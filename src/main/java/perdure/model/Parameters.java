package perdure.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The tensors of one model: those that are trained, and with adapters also the weights, which are frozen. Makes them, registers them with the module, and knows which rows of which tensor
 * have which Hugging Face name. Tensors that are multiplied with the same input are stacked in one.
 *
 * <p>Initial values. Weights are normally distributed around 0. Their standard deviation is 1/√C, where C is the hidden
 * size; this keeps the variance of vectors of width C that are multiplied with them (LeCun et al. 1998, Efficient
 * BackProp, section 4.6). For weights that write to the residual stream it is 1/√(2 L C), so that the sum of the 2 L
 * branches of L layers keeps its variance (GPT-2, Radford et al. 2019, section 2.3). Biases are 0 and the scales of
 * norms 1, as in transformers. With adapters the matrices are 0 until they are set. A is uniformly distributed within
 * ±1/√K for K inputs, which is Kaiming's initialisation with a = √5, and B is 0, as in PEFT.
 */
final class Parameters implements AutoCloseable {

    /**
     * A module whose rows are part of a stacked tensor.
     *
     * @param module its Hugging Face name: that of the weight or bias without the last part
     */
    record Rows(String module, long count) {}

    /** Rows {@code from … from + count - 1} of the tensor. */
    private record Named(Tensor tensor, long from, long count) {}

    private final Module module;
    private final LoraConfig lora; // or null
    private final Generator generator; // null: values are yet to be set
    private final double deviation;
    private final double residualDeviation;
    private final List<Tensor> matrices = new ArrayList<>(); // what is trained
    private final List<Tensor> vectors = new ArrayList<>();
    private final List<Tensor> frozen = new ArrayList<>();
    private final List<Weight> multiplied = new ArrayList<>();
    private final Map<String, Named> weights = new LinkedHashMap<>();
    private final Map<String, Named> adapters = new LinkedHashMap<>();

    /**
     * The initial values come from a separate generator, so they depend on the configuration and the seed alone.
     *
     * @param seed empty: they are yet to be set
     */
    Parameters(Module module, ModelConfig config, LoraConfig lora, OptionalLong seed) {
        this.module = module;
        this.lora = lora;
        deviation = 1 / Math.sqrt(config.hiddenSize());
        residualDeviation = deviation / Math.sqrt(2.0 * config.layers());
        try (PointerScope scope = new PointerScope()) {
            generator = seed.isEmpty()
                    ? null
                    : torch.make_generator_cpu(seed.getAsLong()).retainReference();
        }
    }

    /** Linear layers with the same {@code inputs}, whose outputs are stacked, with or without bias. */
    Linear linear(long inputs, boolean bias, Rows... outputs) {
        Tensor weight = matrix(deviation, inputs, outputs);
        return new Linear(multiplied(weight), bias ? vector(".bias", 0, outputs) : null, adapters(inputs, outputs));
    }

    /** A linear layer that writes to the residual stream, with or without bias. */
    Linear residualLinear(long inputs, boolean bias, Rows output) {
        Tensor weight = matrix(residualDeviation, inputs, output);
        return new Linear(multiplied(weight), bias ? vector(".bias", 0, output) : null, adapters(inputs, output));
    }

    /** A linear layer without bias that shares the matrix of another one. */
    Linear tied(Tensor matrix) {
        return new Linear(multiplied(matrix), null);
    }

    private Weight multiplied(Tensor matrix) {
        Weight weight = new Weight(matrix);
        multiplied.add(weight);
        return weight;
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
            return register(values(deviation, count(stacked), columns), ".weight", matrices, stacked);
        }
    }

    private Tensor values(double deviation, long rows, long columns) {
        ScalarType type = lora != null && lora.bf16Base() ? ScalarType.BFloat16 : ScalarType.Float;
        Tensor values = torch.empty(new long[] {rows, columns}, new TensorOptions(type), new MemoryFormatOptional());
        if (generator == null) {
            return values;
        }
        return lora != null ? values.zero_() : values.normal_(0, deviation, new GeneratorOptional(generator));
    }

    /** The adapters of stacked linear layers, each with its rows of the output. */
    private List<Adapter> adapters(long inputs, Rows... stacked) {
        List<Adapter> made = new ArrayList<>();
        long from = 0;
        for (Rows part : stacked) {
            if (lora != null && lora.adapts(part.module)) {
                made.add(adapter(from, inputs, part));
            }
            from += part.count;
        }
        return List.copyOf(made);
    }

    private Adapter adapter(long from, long inputs, Rows layer) {
        try (PointerScope scope = new PointerScope()) {
            Tensor a = torch.empty(lora.rank(), inputs);
            if (generator != null) {
                double bound = 1 / Math.sqrt(inputs);
                a.uniform_(-bound, bound, new GeneratorOptional(generator));
            }
            Tensor b = torch.zeros(layer.count, lora.rank());
            return new Adapter(
                    from,
                    train(LoraConfig.nameOfA(layer.module), a),
                    train(LoraConfig.nameOfB(layer.module), b),
                    lora.scale(),
                    lora.dropout(),
                    module::is_training);
        }
    }

    private Tensor train(String name, Tensor values) {
        Tensor kept = register(name, values, true);
        matrices.add(kept);
        adapters.put(name, new Named(kept, 0, values.size(0)));
        return kept;
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
        Tensor kept = register(stacked[0].module + kind, values, lora == null);
        (lora == null ? list : frozen).add(kept);
        long from = 0;
        for (Rows part : stacked) {
            weights.put(part.module + kind, new Named(kept, from, part.count));
            from += part.count;
        }
        return kept;
    }

    private Tensor register(String name, Tensor values, boolean trained) {
        Tensor parameter = module.register_parameter(name.replace('.', '_'), values, trained);
        return new Tensor(parameter).retainReference(); // Outlives the scope; the same native tensor.
    }

    /** The weights of all linear layers. */
    List<Weight> multiplied() {
        return multiplied;
    }

    List<Tensor> matrices() {
        return List.copyOf(matrices);
    }

    List<Tensor> vectors() {
        return List.copyOf(vectors);
    }

    /** All that is trained, in the order of the forward pass. */
    List<Tensor> trained() {
        return (lora == null ? weights : adapters)
                .values().stream().map(Named::tensor).distinct().toList();
    }

    /** The tensor that {@code of} returns for each trained tensor, which has the same shape, cut into views by name. */
    Map<String, Tensor> named(UnaryOperator<Tensor> of) {
        return views(lora == null ? weights : adapters, of);
    }

    /** All weights but those of adapters, as views by name. */
    Map<String, Tensor> namedWeights() {
        return views(weights, tensor -> tensor);
    }

    private static Map<String, Tensor> views(Map<String, Named> names, UnaryOperator<Tensor> of) {
        Map<String, Tensor> views = new LinkedHashMap<>();
        names.forEach(
                (name, rows) -> views.put(name, of.apply(rows.tensor).detach().narrow(0, rows.from, rows.count)));
        return views;
    }

    @Override
    public void close() {
        multiplied.forEach(Weight::close);
        matrices.forEach(Tensor::close);
        vectors.forEach(Tensor::close);
        frozen.forEach(Tensor::close);
        if (generator != null) {
            generator.close();
        }
    }
}
