package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;
import perdure.safetensors.DamagedFileException;
import perdure.safetensors.Safetensors;
import perdure.safetensors.TensorBytes;
import perdure.tokenizer.JsonProblem;
import tools.jackson.databind.JsonNode;

/**
 * Adapters in the files of PEFT: {@code adapter_config.json} says what they are, {@code adapter_model.safetensors} has
 * their matrices.
 *
 * @param base the folder or the name of the model that they were trained for
 */
public record AdapterConfig(LoraConfig lora, String base) {

    static final String FILE = "adapter_config.json";
    static final String WEIGHTS = "adapter_model.safetensors";

    /** Keys whose adapters compute something else if they have another value than null, false or nothing. */
    private static final List<String> UNSUPPORTED = List.of(
            "use_dora",
            "use_rslora",
            "use_qalora",
            "use_bdlora",
            "lora_bias",
            "fan_in_fan_out",
            "modules_to_save",
            "rank_pattern",
            "alpha_pattern",
            "layers_to_transform",
            "layer_replication",
            "target_parameters",
            "trainable_token_indices",
            "alora_invocation_tokens",
            "kasa_config",
            "velora_config",
            "monteclora_config");

    private static final Pattern MATRIX = Pattern.compile(".*\\.([a-z_]+)\\.lora_[AB]\\.weight");

    /** Whether a folder holds adapters in place of weights. */
    public static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(FILE));
    }

    /** The content of {@code adapter_config.json}. */
    byte[] toBytes() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("peft_type", "LORA");
        config.put("task_type", "CAUSAL_LM");
        config.put("base_model_name_or_path", base);
        config.put("r", lora.rank());
        boolean whole = lora.alpha() == Math.rint(lora.alpha()) && lora.alpha() < Integer.MAX_VALUE;
        config.put("lora_alpha", whole ? (Object) (int) lora.alpha() : (Object) lora.alpha());
        config.put("lora_dropout", lora.dropout());
        config.put("target_modules", lora.targets());
        config.put("bias", "none");
        config.put("fan_in_fan_out", false);
        config.put("use_rslora", false);
        config.put("use_dora", false);
        config.put("init_lora_weights", true);
        config.put("inference_mode", true);
        return Json.pretty(config);
    }

    /**
     * Writes PEFT's two files.
     *
     * @param trained the matrices, by PEFT's name
     */
    public void write(Path folder, Map<String, Tensor> trained) throws IOException {
        Files.write(folder.resolve(FILE), toBytes());
        Safetensors.write(folder.resolve(WEIGHTS), trained, Map.of("format", "pt"));
    }

    /**
     * Reads what the adapters of a folder are. Which layers have one is told by the names of their matrices.
     *
     * @throws DamagedFileException that names the file and the key, if they are none that can be used
     */
    public static AdapterConfig read(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            JsonNode config = Json.parse(file, Json.bytes(file, Json.MAXIMUM_FILE));
            require(file, config, "peft_type", "LORA");
            require(file, config, "bias", "none");
            for (String key : UNSUPPORTED) {
                if (isSet(config.path(key))) {
                    throw new DamagedFileException(
                            file, key + " is " + JsonProblem.shown(config.path(key)) + ", which is not supported");
                }
            }
            JsonNode initial = config.path("init_lora_weights");
            if (initial.isString() && !initial.asString().equals("gaussian")) {
                // Others change the weights of the base, which are then not those of its folder.
                throw new DamagedFileException(
                        file, "init_lora_weights is " + JsonProblem.shown(initial) + ", which is not supported");
            }
            LoraConfig lora = new LoraConfig(
                    (int) number(file, config, "r"),
                    number(file, config, "lora_alpha"),
                    isSet(config.path("lora_dropout")) ? number(file, config, "lora_dropout") : 0,
                    targets(folder.resolve(WEIGHTS)),
                    false);
            return new AdapterConfig(
                    lora, config.path("base_model_name_or_path").asString(""));
        } catch (IllegalArgumentException unusable) {
            throw new DamagedFileException(file, unusable.getMessage());
        } catch (IOException problem) {
            throw DurableFiles.failed(file, problem);
        }
    }

    private static void require(Path file, JsonNode config, String key, String value) {
        if (!config.path(key).asString(key.equals("bias") ? value : "").equals(value)) {
            throw new DamagedFileException(file, key + " is " + JsonProblem.shown(config.path(key)) + ", not " + value);
        }
    }

    private static boolean isSet(JsonNode value) {
        return value.isContainer() ? !value.isEmpty() : !value.isMissingNode() && !value.isNull() && !isFalse(value);
    }

    private static boolean isFalse(JsonNode value) {
        return value.isBoolean() && !value.booleanValue();
    }

    private static double number(Path file, JsonNode config, String key) {
        JsonNode value = config.path(key);
        if (!value.isNumber() || key.equals("r") && !value.isInt()) {
            throw new DamagedFileException(file, key + " is " + JsonProblem.shown(value) + ", not a number");
        }
        return value.doubleValue();
    }

    private static List<String> targets(Path file) {
        if (!Files.exists(file)) {
            throw new DamagedFileException(file, "is missing; adapters are read as safetensors alone");
        }
        List<String> targets = new ArrayList<>();
        for (String name : Safetensors.shapes(file).keySet()) {
            Matcher matrix = MATRIX.matcher(name);
            if (!matrix.matches()) {
                throw new DamagedFileException(file, "there is an unexpected tensor \"" + name + "\"");
            }
            targets.add(matrix.group(1));
        }
        return targets;
    }

    /**
     * Copies the matrices of a folder's adapters into the given tensors, by PEFT's name. Other element types are
     * converted.
     *
     * @throws DamagedFileException that names the file and the tensor, if names or shapes differ: then the adapters are
     *     not of this base
     */
    public static void readInto(Path folder, Map<String, Tensor> adapters) {
        Path file = folder.resolve(WEIGHTS);
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        adapters.forEach((name, tensor) -> shapes.put(
                name, Arrays.stream(TensorBytes.shape(tensor)).boxed().toList()));
        requireSame(file, Safetensors.shapes(file), shapes);
        try (PointerScope scope = new PointerScope();
                NoGradGuard guard = new NoGradGuard()) {
            Map<String, Tensor> saved = Safetensors.read(file);
            adapters.forEach((name, tensor) -> tensor.copy_(saved.get(name)));
        }
    }

    /**
     * Checks that the adapters of a folder are of a model of that configuration. Reads no value.
     *
     * @throws DamagedFileException that names the file and the tensor, if names or shapes differ
     */
    public static void requireFits(Path folder, ModelConfig model) {
        Path file = folder.resolve(WEIGHTS);
        requireSame(file, Safetensors.shapes(file), read(folder).lora().tensorShapes(model));
    }

    private static void requireSame(Path file, Map<String, List<Long>> saved, Map<String, List<Long>> adapters) {
        for (String name : saved.keySet()) {
            if (!adapters.containsKey(name)) {
                throw anotherBase(file, "there is an unexpected tensor \"" + name + "\"");
            }
        }
        adapters.forEach((name, expected) -> {
            if (!saved.containsKey(name)) {
                throw anotherBase(file, "there is no tensor \"" + name + "\"");
            }
            if (!saved.get(name).equals(expected)) {
                throw anotherBase(file, "tensor \"" + name + "\" is " + saved.get(name) + ", not " + expected);
            }
        });
    }

    private static DamagedFileException anotherBase(Path file, String difference) {
        return new DamagedFileException(file, "does not fit this base: " + difference);
    }
}
