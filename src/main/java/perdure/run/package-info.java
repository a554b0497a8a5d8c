/**
 * The front door for Java programs. {@code RunConfig} configures a run. {@code TrainingRun} opens the run folder, puts
 * model, data and optimizer together, trains, and resumes where an earlier process stopped.
 *
 * <p>It may import {@code train}, {@code chat}, {@code bundled} and all packages below them. It does not know flags,
 * the console or the server. Everything that is wrong with a request is a {@code BadInputException}.
 */
package perdure.run;
