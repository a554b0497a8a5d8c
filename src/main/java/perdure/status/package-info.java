/**
 * The status of a run at one moment: two immutable records and their JSON, which the server and {@code
 * training_status.json} share.
 *
 * <p>It imports no other package of ours. It does not know who publishes or who reads.
 */
package perdure.status;
