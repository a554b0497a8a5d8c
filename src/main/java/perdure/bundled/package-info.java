/**
 * The corpus in the jar: a small world, conversations about it, and an exam whose questions no conversation asks. It is
 * generated from one file, and has the same bytes on every JVM.
 *
 * <p>It may import {@code data}. It does not know tokens or models.
 */
package perdure.bundled;
