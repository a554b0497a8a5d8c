package perdure.chat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import perdure.checkpoint.Checkpoint;
import perdure.device.Devices;
import perdure.generate.TokenGenerator;

/**
 * The models in memory, at most two at a time: that of the newest checkpoint, which goes when a newer one is loaded, and
 * those that were asked for by name. The one that was not used for longest makes room. Used by one thread.
 */
final class LoadedModels implements AutoCloseable {
    static final int MOST = 2;

    private final Function<Checkpoint, AnsweringCheckpoint> describe;
    private final Compute compute;

    /** The one that was used last is the last. */
    private final List<LoadedModel> models = new ArrayList<>();

    private final Set<String> askedByName = new HashSet<>();
    /** The one that last answered as the newest; null if there is none in memory. */
    private LoadedModel newest;

    private boolean ownStream;
    private boolean noRoom; // on a GPU

    /** @param describe tells what is known of a checkpoint */
    LoadedModels(Function<Checkpoint, AnsweringCheckpoint> describe, Compute compute) {
        this.describe = describe;
        this.compute = compute;
    }

    /** The model that last answered as the newest, if it is still in memory. */
    Optional<LoadedModel> newest() {
        return Optional.ofNullable(newest);
    }

    /** The model of the newest checkpoint. If it cannot be loaded, the one before stays. */
    LoadedModel newest(Checkpoint checkpoint) {
        LoadedModel before = newest;
        newest = use(checkpoint.name(), () -> checkpoint, before);
        if (before != null && before != newest && !askedByName.contains(name(before))) {
            free(before);
        }
        return newest;
    }

    /** @param checkpoint opens it, if it has to be loaded */
    LoadedModel named(String name, Supplier<Checkpoint> checkpoint) {
        LoadedModel model = use(name, checkpoint, null);
        askedByName.add(name);
        return model;
    }

    /** @param kept stays in memory, or null */
    private LoadedModel use(String name, Supplier<Checkpoint> checkpoint, LoadedModel kept) {
        LoadedModel model = models.stream()
                .filter(each -> name(each).equals(name))
                .findFirst()
                .orElse(null);
        if (model == null) {
            Checkpoint opened = checkpoint.get();
            if (models.size() == MOST) {
                free(models.get(0) == kept ? models.get(1) : models.get(0));
            }
            model = load(opened);
        }
        models.remove(model);
        models.add(model);
        return model;
    }

    private LoadedModel load(Checkpoint checkpoint) {
        long bytes = TokenGenerator.bytes(checkpoint.config(), ChatSession.USUAL_TOGETHER);
        try (Device device = Devices.resolve(noRoom ? "cpu" : compute.device().apply(bytes))) {
            if (device.is_cuda() && !ownStream) {
                Devices.useOwnStream(device); // A token does not wait for what a training has begun.
                ownStream = true;
            }
            return LoadedModel.of(checkpoint, describe.apply(checkpoint), device, compute.precision());
        } catch (RuntimeException e) {
            if (noRoom || !Devices.ranOutOfMemory(e)) {
                throw e;
            }
            noRoom = true;
            return load(checkpoint);
        }
    }

    /** From now on all models are on the CPU. Those in memory are freed. */
    void leaveGpu() {
        noRoom = true;
        close();
    }

    private void free(LoadedModel model) {
        models.remove(model);
        askedByName.remove(name(model));
        newest = newest == model ? null : newest;
        model.close();
    }

    private static String name(LoadedModel model) {
        return model.checkpoint().name();
    }

    @Override
    public void close() {
        List.copyOf(models).forEach(this::free);
    }
}
