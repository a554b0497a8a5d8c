import java.nio.file.Path;
import perdure.run.RunConfig;
import perdure.run.TrainingRun;

/** Trains a model on a text, or resumes where an earlier process was stopped, and asks it something. */
public final class TrainAndAsk {
    private TrainAndAsk() {}

    public static void main(String[] arguments) {
        RunConfig config = RunConfig.in(Path.of("checkpoints")).data(Path.of("my.txt")).epochs(10)
                .model(shape -> shape.layers(4).hiddenSize(128))
                .onProgress(status -> System.out.println(status.loss()));
        try (TrainingRun run = TrainingRun.open(config)) {
            run.train();
            System.out.println(run.ask("What is 7 plus 5?"));
        }
    }
}
