package perdure.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import perdure.device.Devices;

/**
 * The documents that share the rows of a batch, for attention that does not cross them. Documents of about the same
 * length become a batch of their own, one a row, each from position 0 on. Shorter ones are padded at their end, which no
 * token before it sees. So the flash kernel can be used, which knows no mask but the causal one.
 *
 * <p>Shapes: {@code N} tokens of the batch, {@code M} tokens with padding, {@code P} values per token, {@code D}
 * documents of a group, {@code L} its longest.
 */
final class DocumentGroups {

    /** A document that is shorter than this share of a group's longest is in the next group. */
    private static final double LEAST_SHARE = 0.6;

    private final Tensor places; // (M): where each token comes from
    private final Tensor inverse; // (N): where each token goes to
    private final Tensor filled; // (M, 1): 0 where a document is padded, else 1
    private final List<long[]> shapes = new ArrayList<>(); // D, L of each group
    private final long[] sizes; // D L of each group

    /** @param starts of the documents among the N tokens, ascending; the first is 0, the last document ends at N */
    DocumentGroups(int[] starts, int tokens, Device device) {
        int[] ends = IntStream.range(0, starts.length)
                .map(document -> document + 1 < starts.length ? starts[document + 1] : tokens)
                .toArray();
        int[] longestFirst = IntStream.range(0, starts.length)
                .boxed()
                .sorted(Comparator.comparingInt(document -> starts[document] - ends[document]))
                .mapToInt(Integer::intValue)
                .toArray();
        List<int[]> groups = new ArrayList<>();
        for (int from = 0; from < longestFirst.length; ) {
            int longest = ends[longestFirst[from]] - starts[longestFirst[from]];
            int to = from;
            while (to < longestFirst.length
                    && ends[longestFirst[to]] - starts[longestFirst[to]] >= LEAST_SHARE * longest) {
                to++;
            }
            groups.add(Arrays.copyOfRange(longestFirst, from, to));
            shapes.add(new long[] {to - from, longest});
            from = to;
        }
        sizes = shapes.stream().mapToLong(shape -> shape[0] * shape[1]).toArray();
        long[] from = new long[Math.toIntExact(Arrays.stream(sizes).sum())];
        float[] mask = new float[from.length];
        long[] to = new long[tokens];
        int place = 0;
        for (int group = 0; group < groups.size(); group++) {
            for (int document : groups.get(group)) {
                for (int i = 0; i < shapes.get(group)[1]; i++, place++) {
                    int token = Math.min(starts[document] + i, ends[document] - 1);
                    from[place] = token;
                    if (starts[document] + i < ends[document]) {
                        mask[place] = 1;
                        to[token] = place;
                    }
                }
            }
        }
        places = Devices.copy(torch.tensor(from), device);
        inverse = Devices.copy(torch.tensor(to), device);
        filled = Devices.copy(torch.tensor(mask), device).unsqueeze(1);
    }

    /** x [B, T, P] as [M, P]: document after document, those of a group padded to the same length. */
    Tensor gather(Tensor x, Tape tape) {
        long[] shape = x.sizes().vec().get();
        if (tape != null) {
            // Forward:  G[m] = X[places[m]]
            // Backward: dX[n] = dG[inverse[n]], since nothing depends on the padding.
            tape.record(gradient -> gradient.index_select(0, inverse).view(shape));
        }
        return x.flatten(0, 1).index_select(0, places);
    }

    /** Back from y [M, P] to [B, T, P]. */
    Tensor restore(Tensor y, long batch, long time, Tape tape) {
        if (tape != null) {
            // Forward:  X[n] = Y[inverse[n]]
            // Backward: dY[m] = dX[places[m]], and 0 for padding.
            tape.record(
                    gradient -> gradient.flatten(0, 1).index_select(0, places).mul_(filled));
        }
        return y.index_select(0, inverse).view(batch, time, y.size(1));
    }

    /** Applies a function of [D, L, P] to each group of x [M, P]. */
    Tensor each(Tensor x, UnaryOperator<Tensor> function) {
        TensorVector groups = x.split_with_sizes(sizes, 0);
        TensorVector results = new TensorVector();
        for (int group = 0; group < shapes.size(); group++) {
            long[] shape = shapes.get(group);
            results.push_back(function.apply(groups.get(group).view(shape[0], shape[1], x.size(1)))
                    .flatten(0, 1));
        }
        return torch.cat(results, 0);
    }
}
