/**
 * The HTTP server of a run, on Undertow: status, progress, history, live events, metrics, the page, and who may ask.
 * What it shows of a run it reads from an atomic reference and from the run folder; all it can do to a run is to ask
 * it to stop.
 *
 * <p>It may import {@code chat}, {@code checkpoint} and {@code status}. It does not know the trainer, and no request may
 * slow training or another request.
 */
package perdure.server;
