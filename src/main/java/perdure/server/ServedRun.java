package perdure.server;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import perdure.chat.ChatSession;
import perdure.status.TrainingStatus;

/**
 * What the server knows of a run. It only reads, and can ask the run to stop.
 *
 * @param status the trainer publishes here; null until it first does
 * @param folder the run folder, whose loss history is served
 * @param chat answers from the run folder. The server stops it; whoever opened it closes it after the server
 * @param stop asks the trainer to finish its step, save and end; returns at once
 * @param nativeBytes memory that native code has allocated and not freed; negative if not known
 * @param residentBytes resident memory of this process; negative if not known
 */
public record ServedRun(
        AtomicReference<TrainingStatus> status,
        Path folder,
        ChatSession chat,
        Runnable stop,
        LongSupplier nativeBytes,
        LongSupplier residentBytes) {}
