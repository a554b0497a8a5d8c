/**
 * Trials and benchmarks: training, saving, recovery, generation and polling, each measured in turns with what it is
 * compared with. It starts child processes, and runs Python as the other side where that is the question.
 *
 * <p>It may import every package of ours but {@code cli}: what it runs in a child process, it starts by its command line,
 * as a user would.
 */
package perdure.bench;
