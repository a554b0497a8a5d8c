package perdure.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import perdure.checkpoint.Checkpoint;
import perdure.checkpoint.Restart;
import perdure.checkpoint.TrainerState.Best;
import perdure.distributed.Workers;

/**
 * Where a run begins or goes on, as the first rank found it in the run folder and tells the others: they need not see
 * that folder.
 *
 * @param restart its checkpoint has all files but the tensors, which are broadcast
 * @param tokenizer folder with the files of the tokenizer
 * @param leaves into which a micro-batch is cut
 * @param lock content of the lock file of the run folder
 */
record Beginning(Restart restart, Path tokenizer, int leaves, byte[] lock) {

    private static final String TENSORS = ".safetensors";

    /** What takes the place of the line of numbers if nothing is left to train. */
    private static final String DONE = "";

    /** Tells the other ranks that nothing is left to train. */
    static void tellDone(Workers workers) {
        workers.share(DONE);
    }

    /** @param tokenizer files of the tokenizer of a new run, by name */
    static void tell(Workers workers, Restart restart, Map<String, byte[]> tokenizer, int leaves, byte[] lock) {
        if (workers.world() == 1) {
            return;
        }
        Checkpoint checkpoint = restart.checkpoint();
        Map<String, byte[]> files = checkpoint == null ? tokenizer : files(checkpoint.folder());
        Best best = restart.best();
        List<String> lines = new ArrayList<>();
        lines.add(restart.lastEpoch() + " " + leaves);
        lines.add(best == null ? "" : best.loss() + " " + best.epoch());
        lines.add(checkpoint == null ? "" : checkpoint.name());
        lines.addAll(files.keySet());
        workers.share(String.join("\n", lines));
        files.values().forEach(workers::share);
        workers.share(lock);
    }

    private static Map<String, byte[]> files(Path checkpoint) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (Stream<Path> children = Files.list(checkpoint)) {
            for (Path file : children.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                if (!name.endsWith(TENSORS)) {
                    files.put(name, Files.readAllBytes(file));
                }
            }
            return files;
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot read " + checkpoint + ": " + problem, problem);
        }
    }

    /**
     * What the first rank tells; null: nothing is left to train.
     *
     * @param scratch an empty folder, for the files
     */
    static Beginning hear(Workers workers, Path scratch) {
        String told = workers.share(DONE);
        if (told.equals(DONE)) {
            return null;
        }
        List<String> lines = List.of(told.split("\n", -1));
        String[] numbers = lines.get(0).split(" ");
        String[] best = lines.get(1).split(" ");
        String name = lines.get(2);
        try {
            Path folder = Files.createDirectory(scratch.resolve(name.isEmpty() ? "tokenizer" : name));
            for (String file : lines.subList(3, lines.size())) {
                Files.write(folder.resolve(file), workers.share(new byte[0]));
            }
            Restart restart = new Restart(
                    Integer.parseInt(numbers[0]),
                    best.length < 2 ? null : new Best(Double.parseDouble(best[0]), Integer.parseInt(best[1])),
                    name.isEmpty() ? null : Restart.unverified(scratch, name),
                    List.of());
            return new Beginning(restart, folder, Integer.parseInt(numbers[1]), workers.share(new byte[0]));
        } catch (IOException problem) {
            throw new UncheckedIOException("Cannot write into " + scratch + ": " + problem, problem);
        }
    }

    /** @throws BadInputException on all ranks, if not all of them would train the same run */
    static void requireSame(Workers workers, RunIdentity identity, RunConfig config) {
        Map<String, String> values = identity.ofAllRanks();
        long steps = config.length().limits().steps();
        values.put("max steps", steps == 0 ? "none" : Long.toString(steps));
        values.put(RunIdentity.BUCKET_SIZE, Long.toString(workers.bucketBytes()));
        Workers.Difference other = workers.compare(values);
        if (other != null) {
            boolean isData =
                    other.name().equals(RunIdentity.DATA) || other.name().equals(RunIdentity.VALIDATION_DATA);
            throw new BadInputException((isData
                            ? "The " + other.name() + " is another on rank " + other.rank() + " than on rank 0"
                            : other.name() + " is " + other.value() + " on rank " + other.rank() + " and "
                                    + other.first() + " on rank 0")
                    + ": start all ranks with the same flags and the same data.");
        }
    }
}
