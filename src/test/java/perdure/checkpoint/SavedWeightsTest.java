package perdure.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import perdure.device.LoadedNatives;
import perdure.model.GoldenModel;
import perdure.model.LoraConfig;
import perdure.safetensors.Safetensors;

@ExtendWith(LoadedNatives.class)
class SavedWeightsTest {

    private static final String LAYER = "model.layers.0.self_attn.q_proj";

    @TempDir
    Path folder;

    @Test
    void mergesAdaptersIntoMatricesAndLeavesBiasesAsTheyAre() {
        try (PointerScope scope = new PointerScope()) {
            Tensor matrix = torch.randn(4, 3);
            Tensor bias = torch.randn(4);
            Tensor a = torch.randn(2, 3);
            Tensor b = torch.randn(4, 2);
            Path weights = folder.resolve("model.safetensors");
            Path adapters = folder.resolve("adapter_model.safetensors");
            Safetensors.write(weights, Map.of(LAYER + ".weight", matrix, LAYER + ".bias", bias), Map.of());
            Safetensors.write(
                    adapters,
                    Map.of(
                            "base_model.model." + LAYER + ".lora_A.weight",
                            a,
                            "base_model.model." + LAYER + ".lora_B.weight",
                            b),
                    Map.of());

            LoraConfig lora = LoraConfig.DEFAULT;
            SavedWeights merged = SavedWeights.of(weights).merged(lora, adapters);
            assertTrue(torch.equal(bias, merged.read(LAYER + ".bias")));
            Tensor expected = matrix.add(torch.matmul(b, a), new Scalar(lora.alpha() / lora.rank()));
            assertTrue(GoldenModel.difference(merged.read(LAYER + ".weight"), expected) < 1e-5);
            assertEquals(
                    Map.of(LAYER + ".weight", List.of(4L, 3L), LAYER + ".bias", List.of(4L)),
                    new HashMap<>(merged.shapes()));
        }
    }
}
