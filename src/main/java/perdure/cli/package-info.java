/**
 * The command line: picocli commands that turn flags into records, call the package that does the work, and turn the
 * result into console lines and an exit code. There is no training logic here.
 *
 * <p>It may import every package of ours. Only the unnamed package, which holds {@code Train}, imports it. Only this
 * package ends the process.
 */
package perdure.cli;
