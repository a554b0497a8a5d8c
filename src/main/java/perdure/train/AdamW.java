package perdure.train;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.distributed.Workers;
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
     * @param sharded whether each rank has the moments of a share of the weights, as {@link ShardedAdamW}
     */
    public record Settings(double beta1, double beta2, double epsilon, double weightDecay, boolean sharded) {

        public static final Settings DEFAULT = new Settings(0.9, 0.95, 1e-8, 0.1, false);

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
            return new Settings(beta1, beta2, epsilon, weightDecay, sharded);
        }

        public Settings beta2(double beta2) {
            return new Settings(beta1, beta2, epsilon, weightDecay, sharded);
        }

        public Settings weightDecay(double weightDecay) {
            return new Settings(beta1, beta2, epsilon, weightDecay, sharded);
        }

        public Settings sharded(boolean sharded) {
            return new Settings(beta1, beta2, epsilon, weightDecay, sharded);
        }

        private static void requireFraction(String name, double value) {
            if (!(value >= 0 && value < 1)) {
                throw new IllegalArgumentException(name + " " + value + " is not in [0, 1).");
            }
        }
    }

    /** What the names of the mean of the gradients begin with. */
    static final String MEAN = "exp_avg.";

    /** What the names of the mean of the squared gradients begin with. */
    static final String SQUARE = "exp_avg_sq.";

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
    private final List<Group> groups;
    private final Gradients gradients;
    private final Lanes lanes;
    private final Workers workers;
    private final FusedAdamW kernel;
    private final List<List<FusedAdamW.Arguments>> arguments; // of each share of each group

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
        this.workers = workers;
        groups = Stream.of(new Group(model.matrices(), settings.weightDecay()), new Group(model.vectors(), 0))
                .filter(group -> !group.weights.isEmpty()) // adapters have no vectors
                .toList();
        List<Tensor> weights =
                groups.stream().flatMap(group -> group.weights.stream()).toList();
        gradients = new Gradients(
                weights, lanes, workers.world() == 1 ? null : new GradientExchange(workers, model.trained()));
        kernel = new FusedAdamW(settings, weights.get(0));
        try (PointerScope scope = new PointerScope()) {
            arguments = groups.stream()
                    .map(group -> group.shares.stream()
                            .map(share -> kernel
                            .new Arguments(share.of(group.weights), share.of(group.means), share.of(group.squares)))
                            .toList())
                    .toList();
        }
    }

    @Override
    public void step(double learningRate, Tensor skip) {
        try (PointerScope scope = new PointerScope()) {
            List<List<Tensor>> all =
                    groups.stream().map(group -> Gradients.of(group.weights)).toList();
            kernel.begin();
            for (int i = 0; i < groups.size(); i++) {
                Group group = groups.get(i);
                List<FusedAdamW.Arguments> ofShares = arguments.get(i);
                List<Tensor> ofWeights = all.get(i);
                lanes.run(ofShares.size(), share -> {
                    try (PointerScope own = new PointerScope();
                            NoGradGuard guard = new NoGradGuard()) {
                        kernel.update(
                                ofShares.get(share),
                                group.shares.get(share).of(ofWeights),
                                learningRate,
                                group.weightDecay,
                                skip);
                    }
                });
            }
        }
    }

    @Override
    public Gradients gradients() {
        return gradients;
    }

    @Override
    public long steps() {
        return kernel.steps();
    }

    @Override
    public void steps(long steps) {
        kernel.steps(steps);
    }

    @Override
    public boolean isSharded() {
        return false;
    }

    @Override
    public void saveMoments(Consumer<Map<String, Tensor>> to) {
        try (PointerScope scope = new PointerScope()) {
            to.accept(namedMoments());
        }
    }

    @Override
    public void loadMoments(Consumer<Map<String, Tensor>> from) {
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> moments = namedMoments();
            if (workers.isFirst()) {
                from.accept(moments);
            }
            workers.broadcast(moments.values());
        }
    }

    /**
     * The moments by name: {@code exp_avg.<name>} and {@code exp_avg_sq.<name>}, where {@code <name>} is the weight's
     * Hugging Face name. Each has the shape of its weight. They are views in the caller's scope: writing to a view
     * ({@code copy_}) sets the moment.
     */
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
        model.named(means::get).forEach((name, view) -> moments.put(MEAN + name, view));
        model.named(squares::get).forEach((name, view) -> moments.put(SQUARE + name, view));
        return moments;
    }

    @Override
    public void close() {
        groups.stream()
                .flatMap(group -> Stream.concat(group.means.stream(), group.squares.stream()))
                .forEach(Tensor::close);
        arguments.stream().flatMap(List::stream).forEach(FusedAdamW.Arguments::close);
        kernel.close();
        gradients.close();
    }
}
