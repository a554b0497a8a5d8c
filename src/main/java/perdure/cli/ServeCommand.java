package perdure.cli;

import java.nio.file.Files;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import perdure.chat.ChatSession;
import perdure.chat.Compute;
import perdure.checkpoint.MetaStore;
import perdure.checkpoint.Restart;
import perdure.device.Devices;
import perdure.device.Malloc;
import perdure.device.Precision;
import perdure.device.ResidentMemory;
import perdure.run.BadInputException;
import perdure.server.ServedRun;
import perdure.server.StatusServer;
import perdure.status.TrainingStatus;
import perdure.train.StatusPublisher;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code serve}: starts the server for a run folder while nothing trains. */
@Command(
        name = "serve",
        customSynopsis = "perdure serve [OPTIONS]",
        description = "Serves the page, the status and the chat of a run folder while nothing trains. Ctrl-C ends it.",
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {Main.FAILURE, Main.BAD_INPUT, "129, 130, 143:Stopped by HUP, Ctrl-C or TERM."},
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ServeCommand implements Callable<Integer> {
    @Mixin
    RunFolderFlag folder;

    @Mixin
    NativeFlags natives;

    @Mixin
    ServerFlags server;

    @Override
    public Integer call() throws InterruptedException {
        if (!Files.isDirectory(folder.checkpoints)) {
            throw new BadInputException("--checkpoints " + folder.checkpoints + ": there is no such folder.");
        }
        int finished =
                Flags.naming(() -> new MetaStore(folder.checkpoints).read()).lastEpoch() + 1;
        AtomicReference<TrainingStatus> status =
                new AtomicReference<>(StatusPublisher.last(folder.checkpoints, finished));
        Precision precision = natives.askedPrecision();
        natives.load();
        try (Device device = natives.device();
                ChatSession chat = new ChatSession(
                        folder.checkpoints,
                        ChatSession.USUAL_TOGETHER,
                        ChatSession.USUAL_WAITING,
                        compute(device, precision),
                        () -> {});
                StatusServer started = server.start(
                        server.options(),
                        new ServedRun(
                                status,
                                folder.checkpoints,
                                chat,
                                () -> {},
                                Malloc::allocatedBytes,
                                ResidentMemory::bytes))) {
            OwnClasses.load();
            chat.checkpoint(); // What nothing can answer from is refused at once.
            System.out.println("Serving " + folder.checkpoints + " on " + server.addresses(started));
            if (!Restart.hasWeights(folder.checkpoints)) {
                System.out.println("It holds no checkpoint yet; chat answers as soon as one is saved.");
            }
            new CountDownLatch(1).await();
        }
        return 0;
    }

    /** A GPU that was not asked for by name may have other work. */
    private Compute compute(Device device, Precision precision) {
        if (precision != null) {
            Flags.set("--precision", precision, chosen -> chosen.require(device));
        }
        String name = device.str().getString();
        boolean named = natives.device != null && !natives.device.equals("auto");
        return new Compute(torch.get_num_threads(), precision, bytes -> named ? name : Devices.forAnswers(name, bytes));
    }
}
