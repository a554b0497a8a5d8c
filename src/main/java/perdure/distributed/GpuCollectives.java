package perdure.distributed;

import java.time.Duration;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.Backend;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.nccl.ProcessGroupNCCL;

/**
 * As {@link Collectives}, with tensors that stay on the ranks' GPUs, by c10d's NCCL. Each rank has a GPU of its own. NCCL
 * only moves values; they are added up here, in the same tree, so that the sums have the same bytes.
 */
final class GpuCollectives implements ShareExchange {

    private final int rank;
    private final int world;
    private final Backend group;

    /** @param group the caller's */
    GpuCollectives(Backend group, int rank, int world) {
        this.rank = rank;
        this.world = world;
        this.group = group;
    }

    /**
     * Those of NCCL. The first exchange connects the ranks.
     *
     * @param timeout so long an exchange waits for other ranks
     */
    static GpuCollectives nccl(Launch launch, Store store, Duration timeout) {
        ProcessGroupNCCL.Options options = ProcessGroupNCCL.Options.create();
        options.timeout(new Milliseconds(timeout.toMillis()));
        ProcessGroupNCCL group = new ProcessGroupNCCL(store, launch.rank(), launch.world(), options);
        return new GpuCollectives(group.retainReference(), launch.rank(), launch.world());
    }

    @Override
    public void sum(Tensor values) {
        sumShare(values);
        gatherShares(values);
    }

    @Override
    public void sumShare(Tensor values) {
        Tensor parts = torch.empty_like(values).view(world, -1); // (W, S): what each rank has of this one's share
        group.alltoall_base(parts, values, new LongVector(), new LongVector())._wait();
        ShareExchange.addUp(own(values), parts, rank);
    }

    @Override
    public void gatherShares(Tensor values) {
        group._allgather_base(values, own(values))._wait();
    }

    /** (S) */
    private Tensor own(Tensor values) {
        return values.view(world, -1).select(0, rank);
    }

    /** Frees what is native, when nobody uses it any more. */
    void free() {
        group.close();
    }
}
