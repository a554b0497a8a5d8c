package perdure.distributed;

import org.bytedeco.pytorch.Tensor;

/**
 * How ranks add up what each has of some values. Of {@code W * S} values each of {@code W} ranks has a share of {@code
 * S}: the first rank the first ones. One thread calls all methods, in the same order on every rank, within a scope of its
 * own. Each returns when it is done. Tensors are contiguous.
 */
interface ShareExchange {

    /** Replaces values by the sums of those of all ranks. */
    void sum(Tensor values);

    /** Replaces this rank's share of the values by the sums of those of all ranks; the others are undefined then. */
    void sumShare(Tensor values);

    /** Replaces each share of the values by that of the rank whose share it is. */
    void gatherShares(Tensor values);

    /**
     * Adds the parts of all ranks up in a tree, into this rank's own; x + y is y + x.
     *
     * @param own (S)
     * @param others (W, S or more) by rank; undefined afterwards
     */
    static void addUp(Tensor own, Tensor others, int rank) {
        int world = (int) others.size(0);
        Tensor[] parts = new Tensor[world];
        for (int i = 0; i < world; i++) {
            parts[i] = i == rank ? own : others.select(0, i).narrow(0, 0, own.numel());
        }
        for (int stride = 1; stride < world; stride *= 2) {
            for (int i = 0; i < world; i += 2 * stride) {
                Tensor one = parts[i];
                Tensor other = parts[i + stride];
                parts[i] = other == own ? own.add_(one) : one.add_(other);
            }
        }
    }
}
