package perdure.server;

import java.util.concurrent.atomic.AtomicReference;
import perdure.status.StatusJson;
import perdure.status.TrainingStatus;

/** The JSON of the newest status, created once for all clients that poll for it. */
final class StatusDocuments {

    private static final TrainingStatus UNPUBLISHED = TrainingStatus.idle(0, 0);

    private final AtomicReference<TrainingStatus> published;
    private volatile Document newest = Document.of(UNPUBLISHED);

    StatusDocuments(AtomicReference<TrainingStatus> published) {
        this.published = published;
    }

    boolean ready() {
        return published.get() != null;
    }

    /** Returns the same object as long as the same status is published. */
    Document newest() {
        TrainingStatus status = published.get();
        Document document = newest;
        if (status != null && document.status() != status) {
            document = Document.of(status);
            newest = document;
        }
        return document;
    }

    /**
     * @param brief the body of {@code /training/status}
     * @param full the body of {@code /training/progress}
     */
    record Document(TrainingStatus status, byte[] brief, byte[] full) {

        static Document of(TrainingStatus status) {
            return new Document(status, StatusJson.brief(status), StatusJson.full(status));
        }
    }
}
