package perdure.checkpoint;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import perdure.model.ModelConfig;

/**
 * Everything that a checkpoint holds: the state of a run between two optimizer steps. The tensors may be the live ones
 * of the model, but must not change while the snapshot is being saved.
 *
 * @param weights by Hugging Face name
 * @param moments of the optimizer, by the optimizer's names
 */
public record Snapshot(
        ModelConfig config,
        Map<String, Tensor> weights,
        Map<String, Tensor> moments,
        TrainerState state,
        TokenizerFiles tokenizer) {}
