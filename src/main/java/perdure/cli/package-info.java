/**
 * The command line: picocli commands that turn flags into records, call the package that does the work, and turn what
 * comes of it into lines on the console and an exit code. There is no training logic here.
 *
 * <p>It may import every package of ours. None but the unnamed one, which holds {@code Train}, imports it, and only this
 * package ends the process.
 */
package perdure.cli;
