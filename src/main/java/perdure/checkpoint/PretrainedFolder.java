package perdure.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import perdure.data.Fingerprint;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.safetensors.Safetensors;

/** A model that a run can begin with: a folder with {@code config.json} and {@code model.safetensors}. */
public record PretrainedFolder(Path folder, ModelConfig config) {
    /** @throws IllegalArgumentException with one line, if there is no such model */
    public static PretrainedFolder open(Path folder) {
        try {
            return new PretrainedFolder(folder, HuggingFaceConfig.read(folder.resolve("config.json")));
        } catch (IOException e) {
            throw new IllegalArgumentException(folder + " has no model: " + DurableFiles.cause(e), e);
        }
    }

    /** Copies the weights into the model. */
    public void loadInto(LanguageModel model) {
        Safetensors.readInto(folder.resolve("model.safetensors"), model.namedTensors());
    }

    /** SHA-256 of the weights. */
    public String fingerprint() {
        try {
            return Fingerprint.of(folder.resolve("model.safetensors"));
        } catch (IOException e) {
            throw new IllegalArgumentException(folder + " has no model: " + DurableFiles.cause(e), e);
        }
    }
}
