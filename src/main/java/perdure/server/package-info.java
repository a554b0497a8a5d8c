/**
 * The HTTP server of a run, on Undertow: status, progress, history, live events, metrics, the page, and access control.
 * It reads everything that it shows from an atomic reference and from the run folder. The only thing that it can do to
 * a run is to ask it to stop.
 *
 * <p>It may import {@code chat}, {@code checkpoint} and {@code status}. It does not know the trainer, and no request
 * may slow training or another request.
 */
package perdure.server;
