package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import perdure.device.LoadedNatives;

@ExtendWith(LoadedNatives.class)
class KeyValueCacheTest {

    private static final ModelConfig CONFIG = TestConfigs.GROUPED_QUERY;

    private static final long[] IDS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

    private PointerScope scope;
    private LanguageModel model;
    private KeyValueCache cache;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        model = new LanguageModel(CONFIG, 1);
        cache = new KeyValueCache(CONFIG, 12);
    }

    @AfterEach
    void close() {
        cache.close();
        model.close();
        scope.close();
    }

    @Test
    void decodesTokenByTokenAsTheWholeSequence() {
        for (int i = 0; i < IDS.length; i++) {
            assertSame(i, model.decode(ids(i, i + 1), cache));
        }
    }

    @Test
    void decodesAPromptInOneOrTwoPiecesAsTheWholeSequence() {
        assertSame(3, model.decode(ids(0, 4), cache));
        assertSame(7, model.decode(ids(4, 8), cache));
        assertSame(8, model.decode(ids(8, 9), cache));
        assertEquals(9, cache.length());
    }

    @ParameterizedTest
    @MethodSource("perdure.model.TestConfigs#all")
    void decodesEveryKindOfModelAsTheWholeSequence(ModelConfig config) {
        close();
        scope = new PointerScope();
        model = new LanguageModel(config, 1);
        cache = new KeyValueCache(config, 12);
        torch.manual_seed(1);
        model.vectors().forEach(vector -> vector.detach().add_(torch.randn_like(vector)));
        assertSame(3, model.decode(ids(0, 4), cache));
        assertSame(4, model.decode(ids(4, 5), cache));
        assertSame(8, model.decode(ids(5, 9), cache));
    }

    @Test
    void decodesSeveralSequencesOfDifferentLengthsAtOnce() {
        try (KeyValueCache other = new KeyValueCache(CONFIG, 12)) {
            model.decode(ids(0, 4), cache);
            model.decode(ids(0, 7), other);
            Tensor both = model.decode(torch.cat(new TensorVector(ids(4, 5), ids(7, 8)), 0), List.of(cache, other));
            assertSame(4, both.narrow(0, 0, 1));
            assertSame(7, both.narrow(0, 1, 1));
            assertSame(5, model.decode(ids(5, 6), cache));
            assertSame(8, model.decode(ids(8, 9), other));
        }
    }

    @Test
    void growsWithTheTokens() {
        int many = KeyValueCache.FIRST_ROOM + 60;
        ModelConfig config = CONFIG.withContext(2 * many);
        long[] ids = new long[many];
        Arrays.setAll(ids, i -> i * 7L % config.vocabularySize());
        try (LanguageModel large = new LanguageModel(config, 1);
                KeyValueCache growing = new KeyValueCache(config, 2 * many)) {
            Tensor whole = large.logits(torch.tensor(ids).view(1, many)).select(1, many - 1);
            large.decode(torch.tensor(Arrays.copyOf(ids, 50)).view(1, 50), growing);
            Tensor last = null;
            for (int from = 50; from < many; from += 515) {
                int to = Math.min(many, from + 515);
                last = large.decode(
                        torch.tensor(Arrays.copyOfRange(ids, from, to)).view(1, to - from), growing);
            }
            assertEquals(many, growing.length());
            assertTrue(whole.sub(last).abs().max().item_double() < 1e-4);
        }
    }

    @Test
    void forgetsWhatIsCutOff() {
        model.decode(ids(0, 4), cache);
        model.decode(torch.tensor(7L, 7L, 7L).view(1, 3), cache);
        cache.truncate(4);
        assertSame(4, model.decode(ids(4, 5), cache));
    }

    @Test
    void refusesMoreTokensThanItsCapacity() {
        model.decode(ids(0, 10), cache);
        IllegalStateException error = assertThrows(IllegalStateException.class, () -> model.decode(ids(0, 3), cache));
        assertEquals("The cache holds 10 of 12 tokens; 3 more do not fit.", error.getMessage());
        assertEquals(10, cache.length());
    }

    private static Tensor ids(int from, int to) {
        return torch.tensor(Arrays.copyOfRange(IDS, from, to)).view(1, to - from); // (B, T)
    }

    /** The logits [B, V] are those that the uncached model gives for this position. */
    private void assertSame(int position, Tensor logits) {
        Tensor whole = model.logits(ids(0, IDS.length)).select(1, position);
        double difference = whole.sub(logits).abs().max().item_double();
        assertTrue(difference < 1e-4, "position " + position + " differs by " + difference);
    }
}
