package perdure.distributed;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What the ranks of a run send each other in tensors on the CPU, by c10d's Gloo. */
final class Collectives implements ShareExchange {

    /** Values of all shares that are on their way at once: few, so that what was received is added up in the cache. */
    private static final long PIECE = 1 << 20;

    private static final String INTERFACES = "GLOO_SOCKET_IFNAME";

    private static final int PARTS = 0;
    private static final int SUMS = 1;

    private final int rank;
    private final int world;
    private final ProcessGroupGloo.Options options;
    private final ProcessGroupGloo group;
    private Tensor received; // (2, W, PIECE / W): of one piece while those of the next one come; null before the first

    /** Connects each rank with each. */
    Collectives(Launch launch, Store store, Duration timeout) {
        Meeting.hold(this);
        rank = launch.rank();
        world = launch.world();
        options = ProcessGroupGloo.Options.create(new Milliseconds(timeout.toMillis()))
                .retainReference();
        List<String> interfaces = interfaces();
        interfaces.forEach(name -> options.devices().push_back(ProcessGroupGloo.createDeviceForInterface(name)));
        if (interfaces.isEmpty()) {
            InetSocketAddress meeting = new InetSocketAddress(launch.host(), launch.port());
            options.devices()
                    .push_back(
                            meeting.isUnresolved() // only by rank 0 itself, which the others know by this name
                                    ? ProcessGroupGloo.createDefaultDevice()
                                    : ProcessGroupGloo.createDeviceForHostname(ownAddress(meeting)));
        }
        group = new ProcessGroupGloo(store, rank, world, options).retainReference();
    }

    /** Those that the environment names. */
    static List<String> interfaces() {
        return interfaces(System.getenv().getOrDefault(INTERFACES, ""));
    }

    /**
     * The network interfaces to use; none: the one that leads to rank 0.
     *
     * @param names with commas between them
     * @throws IllegalArgumentException if this machine does not have one of them
     */
    static List<String> interfaces(String names) {
        List<String> wanted = Stream.of(names.split(","))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
        try {
            for (String name : wanted) {
                if (NetworkInterface.getByName(name) == null) {
                    throw new IllegalArgumentException(
                            INTERFACES + " " + names + ": this machine has no " + name + ", but "
                                    + NetworkInterface.networkInterfaces()
                                            .map(NetworkInterface::getName)
                                            .sorted()
                                            .collect(Collectors.joining(", "))
                                    + ".");
                }
            }
        } catch (SocketException unknown) {
            return wanted; // Gloo says what is wrong.
        }
        return wanted;
    }

    /** The address by which this machine reaches the coordinator. */
    private static String ownAddress(InetSocketAddress meeting) {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(meeting); // Sends nothing.
            InetAddress address = socket.getLocalAddress();
            return address.getHostAddress();
        } catch (SocketException unreachable) {
            throw new IllegalStateException("No way to " + meeting + ": " + unreachable.getMessage());
        }
    }

    /** Sets all to the numbers of all ranks, in their order. Each rank has as many. */
    void gather(double[] mine, double[] all) {
        TensorOptions doubles = new TensorOptions(ScalarType.Double);
        Tensor in = torch.zeros(new long[] {mine.length}, doubles);
        new DoublePointer(in.data_ptr_double()).put(mine);
        Tensor out = torch.zeros(new long[] {all.length}, doubles);
        group._allgather_base(out, in)._wait();
        new DoublePointer(out.data_ptr_double()).get(all);
    }

    /** Writes the first rank's values into those of the others. */
    void broadcast(Tensor values) {
        group.broadcast(new TensorVector(values))._wait();
    }

    @Override
    public void sum(Tensor values) {
        exchange(values, true, true);
    }

    @Override
    public void sumShare(Tensor values) {
        exchange(values, true, false);
    }

    @Override
    public void gatherShares(Tensor values) {
        exchange(values, false, true);
    }

    /** Piece by piece, so that one is added up while the next one and the sums of the last one are on their way. */
    private void exchange(Tensor values, boolean addsUp, boolean spreads) {
        Tensor shares = values.view(world, -1); // (W, S)
        List<Tensor> pieces = List.of(shares.split(PIECE / world, 1).get()); // (W, PIECE / W)
        List<Work> parts = addsUp ? parts(pieces, 0) : List.of();
        List<Work> sums = new ArrayList<>();
        for (int i = 0; i < pieces.size(); i++) {
            if (addsUp) {
                List<Work> next = parts(pieces, i + 1);
                parts.forEach(Work::_wait);
                ShareExchange.addUp(pieces.get(i).select(0, rank), received.select(0, i % 2), rank);
                parts = next;
            }
            if (spreads) {
                sums.addAll(sums(pieces.get(i)));
            }
        }
        sums.forEach(Work::_wait);
    }

    /** Begins to get what the others have of this rank's share, and to send what it has of theirs. */
    private List<Work> parts(List<Tensor> pieces, int index) {
        if (index == pieces.size()) {
            return List.of();
        }
        if (received == null) {
            received = torch.zeros(
                            new long[] {2, world, PIECE / world}, pieces.get(0).options())
                    .retainReference();
        }
        Tensor piece = pieces.get(index);
        List<Work> begun = new ArrayList<>();
        for (int other = 0; other < world; other++) {
            if (other != rank) {
                Tensor part = received.select(0, index % 2).select(0, other).narrow(0, 0, piece.size(1));
                begun.add(group.recv(new TensorVector(part), other, PARTS));
                begun.add(group.send(new TensorVector(piece.select(0, other)), other, PARTS));
            }
        }
        return begun;
    }

    /** Begins to get the shares of the others, and to send them this rank's. */
    private List<Work> sums(Tensor piece) {
        List<Work> begun = new ArrayList<>();
        for (int other = 0; other < world; other++) {
            if (other != rank) {
                begun.add(group.recv(new TensorVector(piece.select(0, other)), other, SUMS));
                begun.add(group.send(new TensorVector(piece.select(0, rank)), other, SUMS));
            }
        }
        return begun;
    }

    /** What moves the tensors. */
    ProcessGroupGloo group() {
        return group;
    }

    /** Frees what is native, when nobody uses it any more. */
    void free() {
        group.close();
        options.close();
        if (received != null) {
            received.close();
        }
        Meeting.release(this);
    }
}
