package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
import org.junit.jupiter.params.provider.MethodSource;
import perdure.device.LivePointers;
import perdure.device.LoadedNatives;

/** Documents that share rows are to the model what each is alone. */
@ExtendWith(LoadedNatives.class)
class DocumentGroupsTest {

    /** Two rows of 16: documents of 9, 4 and 3 tokens, and of 15 and 1. */
    private static final int[] STARTS = {0, 9, 13, 16, 31};

    private static final long[] LENGTHS = {9, 4, 3, 15, 1};

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        torch.manual_seed(3);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor random() {
        return torch.randint(50, new long[] {2, 16}, new TensorOptions(ScalarType.Long));
    }

    private static Tensor document(Tensor rows, int index) {
        return rows.flatten().narrow(0, STARTS[index], LENGTHS[index]).unsqueeze(0); // (1, L)
    }

    @Test
    void theirLossIsTheSumOfTheirOwn() {
        try (LanguageModel model = new LanguageModel(TestConfigs.GROUPED_QUERY, 1)) {
            Tensor ids = random();
            Tensor targets = random();
            double apart = 0;
            for (int i = 0; i < STARTS.length; i++) {
                apart += model.lossSum(document(ids, i), document(targets, i));
            }

            assertEquals(apart, model.lossSum(ids, targets, STARTS), 1e-5 * apart);
            assertTrue(Math.abs(apart - model.lossSum(ids, targets)) > 0.1, "attention that crosses them differs");
        }
    }

    @ParameterizedTest
    @MethodSource("perdure.model.TestConfigs#all")
    void theirGradientIsTheSumOfTheirOwn(ModelConfig config) {
        try (LanguageModel model = new LanguageModel(config, 1)) {
            model.train(true);
            Tensor ids = random();
            Tensor targets = random();
            double apart = 0;
            for (int i = 0; i < STARTS.length; i++) {
                try (LanguageModel.Loss loss = model.forward(document(ids, i), document(targets, i), 1)) {
                    apart += loss.sum();
                    loss.backward();
                }
            }
            Map<String, Tensor> expected = model.named(weight -> weight.grad().clone());
            Stream.of(model.matrices(), model.vectors()).flatMap(List::stream).forEach(weight -> weight.mutable_grad()
                    .reset());
            try (LanguageModel.Loss loss = model.forward(ids, targets, STARTS, 1)) {
                assertEquals(apart, loss.sum(), 1e-5 * apart);
                loss.backward();
            }

            model.named(Tensor::grad)
                    .forEach((name, gradient) ->
                            assertTrue(GoldenModel.relativeDifference(gradient, expected.get(name)) < 1e-5, name));
        }
    }

    @Test
    void leavesNothingBehind() {
        try (LanguageModel model = new LanguageModel(TestConfigs.GROUPED_QUERY, 1)) {
            Tensor ids = random();
            model.lossSum(ids, ids, STARTS);
            long before = LivePointers.settled();
            for (int i = 0; i < 3; i++) {
                try (PointerScope inner = new PointerScope();
                        LanguageModel.Loss loss = model.forward(ids, ids, STARTS, 1)) {
                    loss.backward();
                }
                model.lossSum(ids, ids, STARTS);
            }
            model.named(Tensor::grad);
            LivePointers.assertNoMoreThan(before + 80, "after three passes, gradients included");
        }
    }
}
