/**
 * Trials and benchmarks of training, saving, recovery, generation and polling. Each takes turns with what it is
 * compared with. The package starts child processes, and can run Python programs to compare with.
 *
 * <p>It may import every package of ours but {@code cli}. It starts a child process by its command line, as a user
 * would.
 */
package perdure.bench;
