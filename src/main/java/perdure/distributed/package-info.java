/**
 * The processes that train one run together: who each of them is, by the environment of whatever launched it; where they
 * meet, and whether they are alive; what they exchange, by libtorch's c10d. It knows no model and no training.
 *
 * <p>May import {@code device}.
 */
package perdure.distributed;
