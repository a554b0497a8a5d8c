package perdure.checkpoint;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import perdure.model.LoraConfig;
import perdure.model.ModelConfig;

/**
 * Everything that a checkpoint holds: the state of a run between two optimizer steps. The tensors may be the live ones
 * of the model, but must not change while the snapshot is being saved.
 *
 * @param lora the adapters that are trained, or null if there are none
 * @param weights that are trained, by Hugging Face's name, or by PEFT's if they are those of adapters
 * @param moments of the optimizer, by the optimizer's names
 */
public record Snapshot(
        ModelConfig config,
        LoraConfig lora,
        Map<String, Tensor> weights,
        Map<String, Tensor> moments,
        TrainerState state,
        TokenizerFiles tokenizer) {

    /** One without adapters. */
    public Snapshot(
            ModelConfig config,
            Map<String, Tensor> weights,
            Map<String, Tensor> moments,
            TrainerState state,
            TokenizerFiles tokenizer) {
        this(config, null, weights, moments, state, tokenizer);
    }
}
