package perdure.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch;
import perdure.chat.ChatSession;
import perdure.checkpoint.MetaStore;
import perdure.device.NativeRuntime;
import perdure.server.ServedRun;
import perdure.server.StatusServer;
import perdure.status.TrainingStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code serve}: the server over a run folder while nothing trains. */
@Command(name = "serve", description = "Serves a run folder while nothing trains.", mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
    @Mixin
    RunFolderFlag folder;

    @Mixin
    ServerFlags server;

    @Override
    public Integer call() throws InterruptedException {
        int finished = new MetaStore(folder.checkpoints).read().lastEpoch() + 1;
        AtomicReference<TrainingStatus> status = new AtomicReference<>(TrainingStatus.idle(finished, finished));
        NativeRuntime.load();
        try (ChatSession chat =
                        new ChatSession(folder.checkpoints, ServerFlags.CHATS_WAITING, torch.get_num_threads());
                StatusServer started = StatusServer.start(
                        server.options(),
                        new ServedRun(status, folder.checkpoints, chat, () -> {}, Pointer::physicalBytes))) {
            // What nothing can answer from is refused at once.
            chat.checkpoint();
            System.out.println("Serving " + folder.checkpoints + " on http://" + server.host + ":" + started.port());
            new CountDownLatch(1).await();
        }
        return 0;
    }
}
