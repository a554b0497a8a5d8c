package perdure.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import perdure.bundled.BundledCorpus;
import perdure.checkpoint.AdapterConfig;
import perdure.checkpoint.PretrainedFolder;
import perdure.checkpoint.TokenizerFiles;
import perdure.data.Batch;
import perdure.data.BatchLoader;
import perdure.data.Corpus;
import perdure.data.LearntTokenizer;
import perdure.data.Sequences;
import perdure.data.Sequences.Loss;
import perdure.data.Sequences.Packing;
import perdure.data.TokenFile;
import perdure.data.TokenizingOptions;
import perdure.device.Devices;
import perdure.device.Precision;
import perdure.device.ResidentMemory;
import perdure.model.LanguageModel;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.tokenizer.Tokenizer;
import perdure.train.AdamW;
import perdure.train.Lanes;
import perdure.train.Learner;
import tools.jackson.databind.JsonNode;

/**
 * Measures fine-tuning on conversations: an epoch over {@value #CONVERSATIONS} of them, with the loss on what the assistant
 * says. It takes turns with TRL, which begins with the same weights and has the same conversations in each step. Perdure
 * packs them into rows, TRL pads each to the longest one. The weights are trained, or adapters, which are PEFT's there.
 */
public final class FineTuningBenchmark {

    private static final int CONVERSATIONS = 1000;
    private static final int CONTEXT = 512;
    private static final int ROWS = 4;
    private static final double LEARNING_RATE = 2e-5;
    private static final double LORA_LEARNING_RATE = 2e-4;

    /** Without dropout, whose random numbers no other side has. */
    private static final LoraConfig LORA = LoraConfig.DEFAULT.dropout(0);

    private static final long SEED = 1;

    /** 25 million parameters. */
    static final ModelConfig MODEL = ModelConfig.DEFAULT
            .withHiddenSize(512)
            .withHeads(8, 4)
            .withLayers(8)
            .withIntermediateSize(1408)
            .withContext(CONTEXT);

    /**
     * The measurements of one side.
     *
     * @param tokensPerSecond median of the turns; padding is not counted
     * @param peakBytes peak resident memory of its process so far
     */
    public record Side(String name, double tokensPerSecond, long peakBytes) {}

    /**
     * @param lossDifference largest difference of a step's loss, in nats per token; NaN if nothing was compared
     * @param other null if nothing was compared
     */
    public record Result(int steps, long tokens, Side perdure, Side other, double lossDifference) {}

    /** Seconds and loss of each step. */
    private record Turn(List<Double> seconds, List<Double> losses) {
        /** The first steps also pay for what happens once. */
        double tokensPerSecond(List<Batch> batches) {
            int warm = Math.min(2, batches.size() - 1);
            return tokens(batches.subList(warm, batches.size()))
                    / seconds.subList(warm, batches.size()).stream()
                            .mapToDouble(Double::doubleValue)
                            .sum();
        }
    }

    private FineTuningBenchmark() {}

    /**
     * @param turns epochs of each side
     * @param mostSteps after which a turn ends
     * @param lora whether adapters are trained
     * @param work an empty folder
     * @param python the Python to compare with, which has TRL, and PEFT for adapters; null for none
     */
    public static Result run(int turns, int mostSteps, boolean lora, Path work, Path python) {
        BundledCorpus bundled = new BundledCorpus();
        Corpus corpus = Corpus.conversations(bundled.conversations().subList(0, CONVERSATIONS));
        String json = LearntTokenizer.learn(corpus, 1536, () -> false).json();
        try (Tokenizer tokenizer = Tokenizer.of(json)) {
            ModelConfig config = MODEL.withVocabularySize(tokenizer.vocabularySize());
            List<Batch> batches = batches(work, corpus, tokenizer, mostSteps);
            Path base = save(config, tokenizer, work);
            Path adapters = lora ? saveAdapters(config, base, Files.createDirectory(work.resolve("adapters"))) : null;
            List<Turn> ours = new ArrayList<>();
            List<Turn> theirs = new ArrayList<>();
            String name = null;
            long peak = 0;
            try (ReferenceScript script = python == null
                    ? null
                    : new ReferenceScript(
                            python,
                            "finetune.py",
                            base.toString(),
                            Integer.toString(torch.get_num_threads()),
                            lora ? adapters.toString() : "")) {
                for (int turn = 0; turn < turns; turn++) {
                    ours.add(fineTune(batches, config, base, lora));
                    if (script != null) {
                        name = script.name();
                        JsonNode answer = script.ask(question(batches, lora));
                        theirs.add(new Turn(numbers(answer, "seconds"), numbers(answer, "losses")));
                        peak = answer.path("peak").asLong();
                    }
                }
            }
            return new Result(
                    batches.size(),
                    tokens(batches),
                    new Side("Perdure", median(ours, batches), ResidentMemory.peakBytes()),
                    name == null ? null : new Side(name, median(theirs, batches), peak),
                    name == null
                            ? Double.NaN
                            : TrainingComparison.largestDifference(ours.get(0).losses, theirs.get(0).losses));
        } catch (IOException problem) {
            throw new UncheckedIOException(work + ": " + problem.getMessage(), problem);
        }
    }

    /** Random weights, which both sides begin with. */
    private static Path save(ModelConfig config, Tokenizer tokenizer, Path work) {
        try (LanguageModel model = new LanguageModel(config, SEED)) {
            return ReferenceScript.save(model, TokenizerFiles.of(tokenizer, CONTEXT), work);
        }
    }

    /** New adapters, which both sides begin with, as PEFT's files. */
    private static Path saveAdapters(ModelConfig config, Path base, Path folder) throws IOException {
        try (PointerScope scope = new PointerScope();
                LanguageModel model = new LanguageModel(config, LORA, SEED)) {
            new AdapterConfig(LORA, base.toString()).write(folder, model.namedTrained());
            return folder;
        }
    }

    private static List<Batch> batches(Path work, Corpus corpus, Tokenizer tokenizer, int most) {
        TokenFile tokens = TokenFile.open(work, corpus, tokenizer, TokenizingOptions.of(() -> false));
        Sequences sequences = new Sequences(Packing.DOCUMENTS, Loss.ASSISTANT);
        try (BatchLoader loader = BatchLoader.shuffled(tokens.all(), sequences, CONTEXT, ROWS, 1)) {
            return IntStream.range(0, (int) Math.min(loader.batches(), most))
                    .mapToObj(index -> loader.batch(0, index))
                    .toList();
        }
    }

    private static long tokens(List<Batch> batches) {
        return batches.stream().mapToLong(Batch::predictions).sum();
    }

    private static double median(List<Turn> turns, List<Batch> batches) {
        return TrainingBenchmark.percentile(
                turns.stream().map(turn -> turn.tokensPerSecond(batches)).toList(), 0.5);
    }

    /** From the same weights each time. */
    private static Turn fineTune(List<Batch> batches, ModelConfig config, Path base, boolean lora) {
        Turn turn = new Turn(new ArrayList<>(), new ArrayList<>());
        try (LanguageModel model = new LanguageModel(config, lora ? LORA : null, SEED);
                Lanes lanes =
                        TrainingBenchmark.lanes(model.config(), batches.get(0).rows());
                AdamW optimizer = new AdamW(model, AdamW.Settings.DEFAULT, lanes)) {
            PretrainedFolder.open(base).loadInto(model);
            model.train(true);
            Learner learner = new Learner(model, optimizer, Devices.resolve("cpu"), Precision.FP32, lanes);
            for (Batch batch : batches) {
                TrainingBenchmark.Step step = TrainingBenchmark.step(learner, batch, learningRate(lora));
                turn.seconds.add(step.total() / 1e3);
                turn.losses.add(step.loss());
            }
        }
        return turn;
    }

    private static double learningRate(boolean lora) {
        return lora ? LORA_LEARNING_RATE : LEARNING_RATE;
    }

    private static Map<String, Object> question(List<Batch> batches, boolean lora) {
        return Map.of(
                "learning_rate",
                learningRate(lora),
                "steps",
                batches.stream().map(FineTuningBenchmark::conversations).toList());
    }

    /**
     * Its conversations. Transformers shifts the labels itself: they stand beside the tokens that they are, not beside
     * those that they follow.
     */
    private static List<Map<String, Object>> conversations(Batch batch) {
        List<Map<String, Object>> conversations = new ArrayList<>();
        int[] starts = batch.documents();
        for (int i = 0; i < starts.length; i++) {
            int rowEnd = (starts[i] / batch.context() + 1) * batch.context();
            int end = i + 1 < starts.length ? Math.min(starts[i + 1], rowEnd) : rowEnd;
            while (batch.targets()[end - 1] == Batch.IGNORED) {
                end--; // Padding, since a conversation ends with a target that counts.
            }
            long[] targets = Arrays.copyOfRange(batch.targets(), starts[i], end);
            long[] ids = Arrays.copyOfRange(batch.ids(), starts[i], end + 1);
            ids[ids.length - 1] = targets[targets.length - 1];
            long[] labels = new long[ids.length];
            labels[0] = Batch.IGNORED;
            System.arraycopy(targets, 0, labels, 1, targets.length);
            Map<String, Object> conversation = new LinkedHashMap<>();
            conversation.put("ids", ids);
            conversation.put("labels", labels);
            conversations.add(conversation);
        }
        return conversations;
    }

    private static List<Double> numbers(JsonNode answer, String name) {
        return answer.path(name).valueStream().map(JsonNode::asDouble).toList();
    }
}
