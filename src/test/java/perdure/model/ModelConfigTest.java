package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {

    @Test
    void hasTheShapeOfTheCommandLineByDefault() {
        AttentionConfig attention = new AttentionConfig(4, 4, false);
        assertEquals(new ModelConfig(1539, 128, 3, 384, 128, true, attention), ModelConfig.DEFAULT);
        assertEquals(32, ModelConfig.DEFAULT.headSize());
    }

    @Test
    void changesOnlyTheValuesThatAreNamed() {
        ModelConfig changed = ModelConfig.DEFAULT
                .withVocabularySize(50)
                .withHiddenSize(96)
                .withLayers(2)
                .withIntermediateSize(80)
                .withContext(16)
                .withTiedEmbeddings(false)
                .withAttention(ModelConfig.DEFAULT.attention().withInputBias(true))
                .withHeads(6, 2);
        assertEquals(new ModelConfig(50, 96, 2, 80, 16, false, new AttentionConfig(6, 2, true)), changed);
    }

    @Test
    void takesAWidthAndHeadsThatFitOnlyOneAnother() {
        AttentionConfig five = ModelConfig.DEFAULT.attention().withHeads(5, 5);
        assertEquals(2, ModelConfig.DEFAULT.withHiddenSize(10, five).headSize());
        assertThrows(IllegalArgumentException.class, () -> ModelConfig.DEFAULT.withHiddenSize(10));
        assertThrows(IllegalArgumentException.class, () -> ModelConfig.DEFAULT.withAttention(five));
    }

    @ParameterizedTest
    @CsvSource({"1, 64", "24, 64", "25, 128", "128, 384", "384, 1024", "768, 2048"})
    void roundsTheUsualInnerWidthUp(int hiddenSize, int expected) {
        assertEquals(expected, ModelConfig.usualIntermediateSize(hiddenSize));
    }
}
