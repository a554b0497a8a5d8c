/**
 * The machine: native settings, libtorch loaded once, devices by name, the migration of a module to its device, and the
 * precision of the forward pass.
 *
 * <p>It imports no other package of ours. It does not know which module it moves.
 */
package perdure.device;
