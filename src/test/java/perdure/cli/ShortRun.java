package perdure.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import perdure.bench.RunComparison;
import perdure.bench.TrainingProcess;
import perdure.bench.TrainingRanks;

/**
 * A run so small that starting Java takes longer than training, 100 steps an epoch, and what it comes to when nothing
 * happens to it.
 *
 * @param flags of {@code train}
 * @param unbroken its run folder, trained to the end
 */
record ShortRun(List<String> flags, Path unbroken) {

    private static final List<String> WORDS = List.of("a", "cat", "sat", "on", "the", "mat", "and", "saw", "rain");

    /** Flags of {@code train} without {@code --epochs}; the text that they name is written into the folder. */
    static List<String> flags(Path folder) {
        Random random = new Random(1);
        String text = IntStream.range(0, 6000)
                .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())))
                .collect(Collectors.joining(" "));
        Path file = folder.resolve("text.txt");
        try {
            Files.writeString(file, text);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
        return List.of(
                "--data",
                file.toString(),
                "--steps-per-epoch",
                "100",
                "--layers",
                "1",
                "--heads",
                "2",
                "--hidden-size",
                "16",
                "--context",
                "16",
                "--vocab-size",
                "256",
                "--batch-size",
                "4",
                "--warmup-steps",
                "5",
                "--dropout",
                "0.1",
                "--threads",
                "1");
    }

    /**
     * Trains it unbroken.
     *
     * @param moreFlags of {@code train}
     */
    static ShortRun train(Path folder, int epochs, String... moreFlags) {
        List<String> flags = new ArrayList<>(flags(folder));
        flags.addAll(List.of("--epochs", Integer.toString(epochs)));
        flags.addAll(List.of(moreFlags));
        String name = "unbroken-" + epochs + String.join("", moreFlags);
        ShortRun run = new ShortRun(List.copyOf(flags), folder.resolve(name));
        try (TrainingProcess trainer = run.start(run.unbroken, List.of("--no-server"))) {
            trainer.requireDone();
        }
        return run;
    }

    TrainingProcess start(Path runFolder, List<String> moreFlags, String... javaOptions) {
        String[] options = Stream.concat(Stream.of(ChildJava.options()), Stream.of(javaOptions))
                .toArray(String[]::new);
        return TrainingProcess.start(runFolder, log(runFolder), with(moreFlags), options);
    }

    /** Starts several ranks of it. */
    TrainingRanks start(Path runFolder, int world, List<String> moreFlags) {
        return TrainingRanks.start(runFolder, log(runFolder), world, with(moreFlags), ChildJava.options());
    }

    private Path log(Path runFolder) {
        return unbroken.resolveSibling(runFolder.getFileName() + "-" + System.nanoTime() + ".log");
    }

    private List<String> with(List<String> moreFlags) {
        return Stream.concat(flags.stream(), moreFlags.stream()).toList();
    }

    /** Carries it on to its end. */
    void finish(Path runFolder) {
        try (TrainingProcess trainer = start(runFolder, List.of("--no-server"))) {
            trainer.requireDone();
        }
    }

    /** Says where they differ first. */
    boolean isEqualTo(Path runFolder) {
        RunComparison comparison = RunComparison.of(unbroken, runFolder);
        comparison.files().stream()
                .filter(file -> !file.isEqual())
                .forEach(file -> System.out.println("  " + runFolder + ", " + file.name() + ": " + file.difference()));
        return comparison.isEqual();
    }
}
