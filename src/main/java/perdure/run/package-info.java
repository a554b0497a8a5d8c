/**
 * The front door for Java programs: {@code RunConfig} says what a run shall be, {@code TrainingRun} opens the run
 * folder, puts model, data and optimizer together, trains, and carries on where an earlier process was.
 *
 * <p>It may import {@code train}, {@code chat}, {@code bundled} and all that lie below them. It does not know flags, the
 * console or the server. Whatever is wrong with what a caller asks for is a {@code BadInputException}.
 */
package perdure.run;
