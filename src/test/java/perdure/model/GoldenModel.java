package perdure.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What transformers computed for a tiny model: a pair of files that {@code scripts/golden/model.py} made. Reads
 * safetensors by itself, so that it does not depend on what it helps to test. Its tensors belong to the caller's scope.
 */
public record GoldenModel(JsonNode numbers, Map<String, Tensor> tensors) {

    /** The configurations that there are. */
    public static Stream<String> names() {
        return Stream.of("multi-head", "grouped-query", "tied");
    }

    public static GoldenModel read(String name) {
        return read(Path.of("src/test/resources/golden/model"), name);
    }

    /** The files {@code name.safetensors} and {@code name.json} of any folder. */
    public static GoldenModel read(Path folder, String name) {
        JsonMapper json = new JsonMapper();
        try {
            ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(name + ".safetensors")))
                    .order(ByteOrder.LITTLE_ENDIAN);
            byte[] header = new byte[(int) file.getLong()];
            file.get(header);
            ByteBuffer data = file.slice().order(ByteOrder.LITTLE_ENDIAN);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            json.readTree(new String(header, StandardCharsets.UTF_8)).properties().stream()
                    .filter(entry -> !entry.getKey().equals("__metadata__"))
                    .forEach(entry -> tensors.put(entry.getKey(), tensor(entry.getValue(), data)));
            return new GoldenModel(json.readTree(Files.readString(folder.resolve(name + ".json"))), tensors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Tensor tensor(JsonNode entry, ByteBuffer data) {
        int from = entry.get("data_offsets").get(0).asInt();
        int bytes = entry.get("data_offsets").get(1).asInt() - from;
        ByteBuffer values = data.slice(from, bytes).order(ByteOrder.LITTLE_ENDIAN);
        long[] shape = new long[entry.get("shape").size()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = entry.get("shape").get(i).asLong();
        }
        if (entry.get("dtype").asString().equals("I64")) {
            long[] numbers = new long[bytes / Long.BYTES];
            values.asLongBuffer().get(numbers);
            return torch.tensor(numbers).view(shape);
        }
        float[] numbers = new float[bytes / Float.BYTES];
        values.asFloatBuffer().get(numbers);
        return torch.tensor(numbers).view(shape);
    }

    public Tensor tensor(String name) {
        return tensors.get(name);
    }

    public ModelConfig config() {
        AttentionConfig attention = ModelConfig.DEFAULT.attention().withHeads(number("heads"), number("keyValueHeads"));
        return ModelConfig.DEFAULT
                .withVocabularySize(number("vocabularySize"))
                .withHiddenSize(number("hiddenSize"), attention)
                .withLayers(number("layers"))
                .withIntermediateSize(number("intermediateSize"))
                .withContext(number("context"))
                .withTiedEmbeddings(numbers.get("tiedEmbeddings").asBoolean());
    }

    private int number(String name) {
        return numbers.get(name).asInt();
    }

    /** A model with the weights of the file. */
    public LanguageModel model() {
        LanguageModel model = new LanguageModel(config(), 0);
        try (PointerScope scope = new PointerScope()) {
            model.namedTensors().forEach((name, view) -> view.copy_(tensor("weight." + name)));
        }
        return model;
    }

    /** Largest absolute difference of two tensors, over the largest absolute value of the second. */
    public static double relativeDifference(Tensor actual, Tensor expected) {
        return difference(actual, expected) / expected.abs().max().item_double();
    }

    /** Largest absolute difference of two tensors of one shape. */
    public static double difference(Tensor actual, Tensor expected) {
        if (!torch.equal(
                torch.tensor(actual.sizes().vec().get()),
                torch.tensor(expected.sizes().vec().get()))) {
            throw new AssertionError("shapes differ: " + actual.sizes() + " and " + expected.sizes());
        }
        return actual.sub(expected).abs().max().item_double();
    }
}
