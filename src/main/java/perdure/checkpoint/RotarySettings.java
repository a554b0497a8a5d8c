package perdure.checkpoint;

import java.util.Optional;
import perdure.model.RotaryScaling;

/**
 * The keys of a {@code config.json} about rotary positions. transformers 4 writes {@code rope_theta} and {@code
 * rope_scaling}, transformers 5 has both in {@code rope_parameters}.
 */
final class RotarySettings {

    private RotarySettings() {}

    private static Optional<JsonSettings> parameters(JsonSettings json) {
        return json.object("rope_scaling")
                .filter(scaling -> !scaling.keys().isEmpty())
                .or(() -> json.object("rope_parameters"));
    }

    /** Base of the frequencies. */
    static double theta(JsonSettings json, double usual) {
        double outside = json.number("rope_theta", usual);
        return parameters(json)
                .map(parameters -> parameters.number("rope_theta", outside))
                .orElse(outside);
    }

    /** @param context of the model, which is the original one of a scaling that names none */
    static RotaryScaling scaling(JsonSettings json, int context) {
        return parameters(json)
                .map(parameters -> scaling(parameters, json, context))
                .orElse(RotaryScaling.NONE);
    }

    private static RotaryScaling scaling(JsonSettings parameters, JsonSettings json, int context) {
        if (parameters.number("partial_rotary_factor", 1) != 1) {
            throw parameters.refused("partial_rotary_factor", "which is not supported; only 1 is");
        }
        for (String layers : parameters.keys()) {
            if (layers.endsWith("_attention")) {
                throw parameters.refused(layers, "but positions of their own for some layers are not supported");
            }
        }
        String key = parameters.has("rope_type") ? "rope_type" : "type";
        String type = parameters.text(key, "default");
        return switch (type) {
            case "default" -> RotaryScaling.NONE;
            case "linear" -> new RotaryScaling.Linear(parameters.number("factor"));
            case "llama3" ->
                new RotaryScaling.Llama3(
                        parameters.number("factor"),
                        parameters.number("low_freq_factor"),
                        parameters.number("high_freq_factor"),
                        originalContext(parameters, json, context));
            default ->
                throw parameters.refused(
                        key, "which is not supported; only \"default\", \"linear\" and \"llama3\" are");
        };
    }

    private static int originalContext(JsonSettings parameters, JsonSettings json, int context) {
        String key = "original_max_position_embeddings";
        return (parameters.has(key) ? parameters : json).whole(key, Integer.MAX_VALUE, context);
    }
}
