package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;
import perdure.device.Precision;

/** Computing the inside of each layer again changes memory and time, and no byte. */
@ExtendWith(LoadedNatives.class)
class RecomputeTest {

    private static final ModelConfig CONFIG = TestConfigs.EVERYTHING.withLayers(3);

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** What a step leaves: the loss, a number of the generator after it, and all gradients. */
    private record Left(double loss, double next, Map<String, Tensor> gradients) {}

    private static Left twoMicroBatches(boolean recompute, double dropout, Precision precision) {
        try (LanguageModel model = new LanguageModel(CONFIG, 1)) {
            model.recompute(recompute);
            model.multiplyInBf16(precision == Precision.BF16);
            model.dropout(dropout);
            model.train(true);
            torch.manual_seed(5);
            double sum = 0;
            for (int[] documents : new int[][] {null, {0, 3, 16, 20}}) {
                Tensor ids = torch.randint(50, new long[] {2, 16}, new TensorOptions(ScalarType.Long));
                LanguageModel.Loss loss = model.forward(ids, ids, documents, 0.5);
                sum += loss.sum();
                loss.backward();
            }
            return new Left(sum, torch.rand(1).item_double(), model.named(weight -> weight.grad()
                    .clone()));
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void givesTheSameBytes(Precision precision) {
        Left kept = twoMicroBatches(false, 0.3, precision);
        Left computedAgain = twoMicroBatches(true, 0.3, precision);
        assertEquals(kept.loss, computedAgain.loss);
        assertEquals(kept.next, computedAgain.next);
        kept.gradients.forEach(
                (name, gradient) -> assertTrue(torch.equal(gradient, computedAgain.gradients.get(name)), name));
        Left withoutDropout = twoMicroBatches(true, 0, precision);
        assertFalse(kept.loss == withoutDropout.loss);
    }

    @Test
    void keepsLessAndLeavesNothing() {
        long kept = pointersBetweenPasses(false);
        long computedAgain = pointersBetweenPasses(true);
        assertTrue(computedAgain < kept / 2, computedAgain + " of " + kept);
    }

    private static long pointersBetweenPasses(boolean recompute) {
        try (LanguageModel model = new LanguageModel(CONFIG, 1)) {
            model.recompute(recompute);
            model.dropout(0.1);
            model.train(true);
            long between = 0;
            long before = 0;
            for (int step = 0; step < 5; step++) {
                long start = step == 4 ? LivePointers.settled() : 0;
                try (PointerScope inner = new PointerScope()) {
                    Tensor ids = torch.zeros(new long[] {2, 16}, new TensorOptions(ScalarType.Long));
                    try (LanguageModel.Loss loss = model.forward(ids, ids, 1)) {
                        between = Pointer.totalCount() - start;
                        loss.backward();
                    }
                    Stream.of(model.matrices(), model.vectors())
                            .flatMap(List::stream)
                            .forEach(weight -> weight.mutable_grad().reset());
                }
                before = step == 1 ? LivePointers.settled() : before;
            }
            LivePointers.assertNoMoreThan(before, "after three steps");
            return between;
        }
    }
}
