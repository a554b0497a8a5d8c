package perdure.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import perdure.device.Devices;
import perdure.device.NativeRuntime;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.tokenizer.ByteLevelBpeTrainer;
import perdure.tokenizer.Tokenizer;
import perdure.train.RandomState;

class SampleTextTest {

    @BeforeAll
    static void load() {
        NativeRuntime.load();
    }

    @Test
    void needsNoModelInEvaluationModeAndDrawsNothingThatTrainingDraws() {
        try (Tokenizer tokenizer = Tokenizer.of(ByteLevelBpeTrainer.train(List.of(), ByteLevelBpeTrainer.BYTES));
                Device device = Devices.resolve("cpu");
                LanguageModel model = new LanguageModel(
                        ModelConfig.DEFAULT
                                .withVocabularySize(tokenizer.vocabularySize())
                                .withHiddenSize(8)
                                .withHeads(2, 2)
                                .withLayers(1)
                                .withIntermediateSize(16)
                                .withContext(64),
                        1)) {
            model.dropout(0.5);
            RandomState random = new RandomState(device);
            Map<String, String> before = random.save();
            for (boolean chats : new boolean[] {false, true}) {
                model.train(true);
                String text = new SampleText(model, tokenizer, chats, () -> false).get();
                assertFalse(text.isEmpty());
            }
            assertEquals(before, random.save());
        }
    }
}
