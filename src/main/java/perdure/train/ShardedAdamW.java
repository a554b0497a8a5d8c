package perdure.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import perdure.distributed.Workers;
import perdure.model.LanguageModel;

/**
 * {@link AdamW} of which each rank has a share: the moments of as many values, which it alone updates (ZeRO stage 1,
 * Rajbhandari et al. 2020). Then all ranks send each other the weights. So a rank needs 8 P / W bytes for the moments of
 * P values on W ranks.
 *
 * <p>Weights and moments are the same bytes for any number of ranks, one included. They differ from those of {@link
 * AdamW} in rounding, since the norm of the gradients is added up otherwise. Between two steps nobody needs the memory of
 * the gradients: it carries weights and moments from rank to rank.
 */
public final class ShardedAdamW implements Optimizer {

    /** Ranks that can have a share. */
    public static final int MOST_RANKS = Shard.PIECES;

    /** The parts of weights in one piece that have the same weight decay, and their moments. */
    private record Group(
            List<Tensor> weights,
            List<Tensor> gradients,
            List<Tensor> means,
            List<Tensor> squares,
            FusedAdamW.Arguments arguments,
            double weightDecay) {}

    private final LanguageModel model;
    private final Lanes lanes;
    private final Workers workers;
    private final GradientExchange exchange;
    private final Gradients gradients;
    private final FusedAdamW kernel;
    private final Tensor means; // of the values of this rank's shard, in its order
    private final Tensor squares;

    /** Of each piece of each slice. */
    private final List<List<List<Group>>> groups = new ArrayList<>();

    /**
     * @param lanes the caller's threads, which update together
     * @param workers those that have the other shares; at most {@value #MOST_RANKS}
     */
    public ShardedAdamW(LanguageModel model, AdamW.Settings settings, Lanes lanes, Workers workers) {
        this.model = model;
        this.lanes = lanes;
        this.workers = workers;
        List<Tensor> weights = model.trained();
        exchange = GradientExchange.sharded(workers, weights);
        gradients = new Gradients(weights, lanes, exchange);
        kernel = new FusedAdamW(settings, weights.get(0));
        try (PointerScope scope = new PointerScope()) {
            long[] size = {exchange.shard().size()};
            means = torch.zeros(size, weights.get(0).options()).retainReference();
            squares = torch.zeros(size, weights.get(0).options()).retainReference();
            for (Shard.Slice slice : exchange.shard().slices()) {
                groups.add(slice.pieces().stream()
                        .map(piece -> Stream.of(group(piece, true, settings.weightDecay()), group(piece, false, 0))
                                .filter(group -> !group.weights.isEmpty())
                                .toList())
                        .toList());
            }
        }
    }

    private Group group(Shard.Piece piece, boolean matrices, double weightDecay) {
        List<Shard.Part> parts = piece.parts().stream()
                .filter(part -> part.weight().dim() > 1 == matrices)
                .toList();
        List<Tensor> weights = parts.stream().map(Shard.Part::values).toList();
        List<Tensor> means =
                parts.stream().map(part -> moments(this.means, part)).toList();
        List<Tensor> squares =
                parts.stream().map(part -> moments(this.squares, part)).toList();
        return new Group(
                weights,
                parts.stream().map(Shard.Part::gradients).toList(),
                means,
                squares,
                kernel.new Arguments(weights, means, squares),
                weightDecay);
    }

    private static Tensor moments(Tensor of, Shard.Part part) {
        return of.narrow(0, part.from(), part.values().numel()).retainReference();
    }

    /** Updates this rank's slice, and gets the others from their ranks. */
    @Override
    public void step(double learningRate, Tensor skip) {
        exchange.requireSums();
        kernel.begin();
        List<Future<?>> gathered = new ArrayList<>();
        for (Shard.Slice slice : exchange.shard().slices()) {
            List<List<Group>> pieces = groups.get(slice.bucket().index());
            lanes.run(pieces.size(), piece -> update(pieces.get(piece), learningRate, skip));
            gathered.add(exchange.gather(slice));
        }
        if (workers.world() > 1) {
            for (Shard.Slice slice : exchange.shard().slices()) {
                workers.await(gathered.get(slice.bucket().index()));
                takeWeights(slice);
            }
        }
    }

    private void update(List<Group> piece, double learningRate, Tensor skip) {
        for (Group group : piece) {
            kernel.update(group.arguments, group.gradients, learningRate, group.weightDecay, skip);
            if (workers.world() > 1) {
                copy(group.weights, group.gradients);
            }
        }
    }

    private void takeWeights(Shard.Slice slice) {
        List<Tensor> weights = slice.bucket().weights();
        lanes.run(weights.size(), i -> copy(List.of(exchange.of(weights.get(i))), List.of(weights.get(i))));
    }

    private static void copy(List<Tensor> from, List<Tensor> to) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            for (int i = 0; i < from.size(); i++) {
                to.get(i).copy_(from.get(i));
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
        return workers.world() > 1;
    }

    @Override
    public void saveMoments(Consumer<Map<String, Tensor>> to) {
        forEachMoment((name, moments) -> {
            List<Future<?>> gathered = new ArrayList<>();
            for (Shard.Slice slice : exchange.shard().slices()) {
                slice.gradients().copy_(of(slice, moments));
                gathered.add(exchange.gather(slice));
            }
            gathered.forEach(workers::await);
            to.accept(named(name));
        });
    }

    @Override
    public void loadMoments(Consumer<Map<String, Tensor>> from) {
        forEachMoment((name, moments) -> {
            if (workers.isFirst()) {
                from.accept(named(name));
            }
            for (Shard.Slice slice : exchange.shard().slices()) {
                workers.broadcast(List.of(slice.bucket().values()));
                of(slice, moments).copy_(slice.gradients());
            }
        });
    }

    private void forEachMoment(BiConsumer<String, Tensor> task) {
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            task.accept(AdamW.MEAN, means);
            task.accept(AdamW.SQUARE, squares);
        }
    }

    private static Tensor of(Shard.Slice slice, Tensor moments) {
        return moments.narrow(0, slice.from(), slice.gradients().numel());
    }

    /** What lies where the gradients are, by names of moments. */
    private Map<String, Tensor> named(String kind) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        model.named(exchange::of).forEach((name, view) -> named.put(kind + name, view));
        return named;
    }

    @Override
    public void close() {
        groups.stream()
                .flatMap(List::stream)
                .flatMap(List::stream)
                .flatMap(group -> Stream.concat(group.means.stream(), group.squares.stream()))
                .forEach(Tensor::close);
        groups.stream().flatMap(List::stream).flatMap(List::stream).forEach(group -> group.arguments.close());
        means.close();
        squares.close();
        kernel.close();
        gradients.close();
    }
}
