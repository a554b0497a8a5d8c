package perdure.model;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The low-rank adapters of a model (Hu et al. 2021, LoRA): W + s·B·A in place of W with s = alpha / rank, where only A
 * and B are trained. Names and meaning are those of PEFT.
 *
 * @param rank rows of A, columns of B
 * @param dropout probability that a value of an adapter's input is dropped while training
 * @param targets the linear layers that have an adapter, such as {@code q_proj}, in the order of {@link #ALL_LINEAR}
 * @param bf16Base whether the matrices that are not trained are held in bfloat16: in half the memory, and rounded
 */
public record LoraConfig(int rank, double alpha, double dropout, List<String> targets, boolean bf16Base) {

    /** All linear layers of a decoder layer. */
    public static final List<String> ALL_LINEAR =
            List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    /** The name of {@link #ALL_LINEAR} in texts. */
    public static final String ALL = "all-linear";

    public static final LoraConfig DEFAULT = new LoraConfig(16, 32, 0.05, ALL_LINEAR, false);

    private static final int MAXIMUM_RANK = 1 << 16;
    private static final String PREFIX = "base_model.model.";
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    public LoraConfig {
        if (rank < 1 || rank > MAXIMUM_RANK) {
            throw new IllegalArgumentException("lora rank " + rank + " is not from 1 to " + MAXIMUM_RANK + ".");
        }
        if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("lora alpha " + alpha + " is not a positive number.");
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("lora dropout " + dropout + " is not at least 0 and below 1.");
        }
        for (String target : targets) {
            if (!ALL_LINEAR.contains(target)) {
                throw new IllegalArgumentException("lora targets have \"" + target
                        + "\", which is no linear layer of the model; these are: " + String.join(", ", ALL_LINEAR)
                        + ", or " + ALL + " for all of them.");
            }
        }
        Set<String> given = new LinkedHashSet<>(targets);
        targets = ALL_LINEAR.stream().filter(given::contains).toList();
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("lora targets have no linear layer, and there must be one.");
        }
    }

    public LoraConfig rank(int rank) {
        return new LoraConfig(rank, alpha, dropout, targets, bf16Base);
    }

    public LoraConfig alpha(double alpha) {
        return new LoraConfig(rank, alpha, dropout, targets, bf16Base);
    }

    public LoraConfig dropout(double dropout) {
        return new LoraConfig(rank, alpha, dropout, targets, bf16Base);
    }

    /** @param text {@value #ALL}, or names of linear layers with commas between them */
    public LoraConfig targets(String text) {
        List<String> names = text.strip().equals(ALL)
                ? ALL_LINEAR
                : Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        return new LoraConfig(rank, alpha, dropout, names, bf16Base);
    }

    public LoraConfig bf16Base(boolean held) {
        return new LoraConfig(rank, alpha, dropout, targets, held);
    }

    /** The factor s of the adapters. */
    double scale() {
        return alpha / rank;
    }

    /** @param module Hugging Face's name of a linear layer */
    boolean adapts(String module) {
        return targets.contains(module.substring(module.lastIndexOf('.') + 1));
    }

    /** The shapes of the matrices by PEFT's name, for a model of that configuration. */
    public Map<String, List<Long>> tensorShapes(ModelConfig model) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        model.tensorShapes().forEach((name, shape) -> {
            String module = name.substring(0, name.lastIndexOf('.'));
            if (name.endsWith(".weight") && adapts(module)) {
                shapes.put(nameOfA(module), List.of((long) rank, shape.get(1)));
                shapes.put(nameOfB(module), List.of(shape.get(0), (long) rank));
            }
        });
        return shapes;
    }

    /** PEFT's name of the matrix A of a linear layer. */
    static String nameOfA(String module) {
        return PREFIX + module + A;
    }

    /** PEFT's name of the matrix B of a linear layer. */
    static String nameOfB(String module) {
        return PREFIX + module + B;
    }

    /**
     * Adds the adapters to the weights: W becomes W + s·B·A. The weights may be on another device, and of another type.
     *
     * @param weights by Hugging Face's name
     * @param adapters by PEFT's name
     */
    public void merge(Map<String, Tensor> weights, Map<String, Tensor> adapters) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            adapters.forEach((name, a) -> {
                if (name.endsWith(A)) {
                    String module = name.substring(PREFIX.length(), name.length() - A.length());
                    Tensor weight = weights.get(module + ".weight");
                    Tensor product = torch.matmul(adapters.get(nameOfB(module)), a); // (outputs, inputs)
                    weight.add_(product.to(weight.device(), weight.scalar_type()), new Scalar(scale()));
                }
            });
        }
    }
}
