package perdure.checkpoint;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import perdure.model.ModelConfig;

/**
 * All that a checkpoint holds: the state of a run between two optimizer steps. The tensors may be those in training;
 * they must not change while it is being saved.
 *
 * @param weights by Hugging Face name
 * @param moments of the optimizer, by names of its own
 */
public record Snapshot(
        ModelConfig config,
        Map<String, Tensor> weights,
        Map<String, Tensor> moments,
        TrainerState state,
        TokenizerFiles tokenizer) {}
