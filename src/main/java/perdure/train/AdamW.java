package perdure.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.distributed.Workers;
import perdure.model.BoxedOperator;
import perdure.model.LanguageModel;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019) for one {@link LanguageModel}. It uses libtorch's fused
 * kernel, which updates many weights in one call. Weight decay applies to matrices, embeddings included, and not to
 * vectors. It knows no schedule: the caller passes the learning rate of every step.
 *
 * <p>Create it after the model has been moved to its device: the moments are created where the weights are.
 */
public final class AdamW implements Optimizer {

    /**
     * The settings, which are the same at every step.
     *
     * @param beta1 decay rate of the mean of the gradients, in [0, 1)
     * @param beta2 decay rate of the mean of the squared gradients, in [0, 1)
     * @param epsilon added to the root of the mean of the squared gradients; positive
     * @param weightDecay a step multiplies each matrix by {@code 1 - learningRate * weightDecay}
     */
    public record Settings(double beta1, double beta2, double epsilon, double weightDecay) {

        public static final Settings DEFAULT = new Settings(0.9, 0.95, 1e-8, 0.1);

        public Settings {
            requireFraction("beta1", beta1);
            requireFraction("beta2", beta2);
            if (!(epsilon > 0)) {
                throw new IllegalArgumentException("epsilon " + epsilon + " is not a positive number.");
            }
            if (!(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "weight decay " + weightDecay + " is not zero or a positive number.");
            }
        }

        public Settings beta1(double beta1) {
            return new Settings(beta1, beta2, epsilon, weightDecay);
        }

        public Settings beta2(double beta2) {
            return new Settings(beta1, beta2, epsilon, weightDecay);
        }

        public Settings weightDecay(double weightDecay) {
            return new Settings(beta1, beta2, epsilon, weightDecay);
        }

        private static void requireFraction(String name, double value) {
            if (!(value >= 0 && value < 1)) {
                throw new IllegalArgumentException(name + " " + value + " is not in [0, 1).");
            }
        }
    }

    /** Weights with the same weight decay, and their moments in the same order. */
    private record Group(
            List<Tensor> weights, List<Tensor> means, List<Tensor> squares, List<Share> shares, double weightDecay) {

        Group(List<Tensor> weights, double weightDecay) {
            this(weights, zerosLike(weights), zerosLike(weights), Share.all(weights), weightDecay);
        }

        private static List<Tensor> zerosLike(List<Tensor> weights) {
            List<Tensor> zeros = new ArrayList<>();
            try (PointerScope scope = new PointerScope()) {
                for (Tensor weight : weights) {
                    zeros.add(torch.zeros_like(weight).retainReference());
                }
            }
            return List.copyOf(zeros);
        }
    }

    private final LanguageModel model;
    private final Settings settings;
    private final List<Group> groups;
    private final Gradients gradients;
    private final Lanes lanes;

    /**
     * A float32 scalar on the device of the weights, as the kernel needs it. {@link #steps} is the same number in Java.
     */
    private final Tensor stepCount;

    private final BoxedOperator update;
    private long steps;

    /** Updates in the calling thread. */
    public AdamW(LanguageModel model, Settings settings) {
        this(model, settings, Lanes.one());
    }

    /** Of a process on its own. */
    public AdamW(LanguageModel model, Settings settings, Lanes lanes) {
        this(model, settings, lanes, Workers.alone());
    }

    /**
     * @param lanes the caller's threads, which update together
     * @param workers whose gradients are added up; each rank updates all weights
     */
    public AdamW(LanguageModel model, Settings settings, Lanes lanes, Workers workers) {
        this.model = model;
        this.lanes = lanes;
        this.settings = settings;
        groups = Stream.of(new Group(model.matrices(), settings.weightDecay()), new Group(model.vectors(), 0))
                .filter(group -> !group.weights.isEmpty()) // adapters have no vectors
                .toList();
        List<Tensor> weights =
                groups.stream().flatMap(group -> group.weights.stream()).toList();
        gradients = new Gradients(
                weights, lanes, workers.world() == 1 ? null : new GradientExchange(workers, model.trained()));
        try (PointerScope scope = new PointerScope()) {
            stepCount = torch.zeros(new long[0], weights.get(0).options()).retainReference();
            update = new BoxedOperator("aten::_fused_adamw_", "");
        }
    }

    @Override
    public void step(double learningRate) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            stepCount.add_(new Scalar(1.0));
            for (Group group : groups) {
                List<Tensor> ofWeights = Gradients.of(group.weights);
                lanes.run(
                        group.shares.size(), share -> update(group, group.shares.get(share), ofWeights, learningRate));
            }
        }
        steps++;
    }

    private void update(Group group, Share share, List<Tensor> ofWeights, double learningRate) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            update.call(
                    BoxedOperator.list(share.of(group.weights)),
                    BoxedOperator.list(share.of(ofWeights)),
                    BoxedOperator.list(share.of(group.means)),
                    BoxedOperator.list(share.of(group.squares)),
                    BoxedOperator.list(List.of()),
                    BoxedOperator.list(Collections.nCopies(share.pieces().size(), stepCount)),
                    new IValue(learningRate),
                    new IValue(settings.beta1),
                    new IValue(settings.beta2),
                    new IValue(group.weightDecay),
                    new IValue(settings.epsilon),
                    new IValue(false), // amsgrad
                    new IValue(false), // maximize
                    new IValue(), // grad_scale
                    new IValue()); // found_inf
        }
    }

    @Override
    public Gradients gradients() {
        return gradients;
    }

    @Override
    public long steps() {
        return steps;
    }

    @Override
    public void steps(long steps) {
        try (PointerScope scope = new PointerScope()) {
            stepCount.fill_(new Scalar((double) steps));
        }
        this.steps = steps;
    }

    /**
     * The moments by name: {@code exp_avg.<name>} and {@code exp_avg_sq.<name>}, where {@code <name>} is the weight's
     * Hugging Face name. Each has the shape of its weight. They are views in the caller's scope: writing to a view
     * ({@code copy_}) sets the moment.
     */
    @Override
    public Map<String, Tensor> namedMoments() {
        Map<Tensor, Tensor> means = new IdentityHashMap<>();
        Map<Tensor, Tensor> squares = new IdentityHashMap<>();
        for (Group group : groups) {
            for (int i = 0; i < group.weights.size(); i++) {
                means.put(group.weights.get(i), group.means.get(i));
                squares.put(group.weights.get(i), group.squares.get(i));
            }
        }
        Map<String, Tensor> moments = new LinkedHashMap<>();
        model.named(means::get).forEach((name, view) -> moments.put("exp_avg." + name, view));
        model.named(squares::get).forEach((name, view) -> moments.put("exp_avg_sq." + name, view));
        return moments;
    }

    @Override
    public void close() {
        groups.stream()
                .flatMap(group -> Stream.concat(group.means.stream(), group.squares.stream()))
                .forEach(Tensor::close);
        stepCount.close();
        update.close();
        gradients.close();
    }
}
