package perdure.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import perdure.device.NativeRuntime;

/** The sum of the leaves' gradients is the same in every order in which they come. */
class GradientTreeTest {

    private static final int VALUES = 1_000;

    private PointerScope scope;
    private Tensor weight;
    private GradientTree tree;

    @BeforeEach
    void open() {
        NativeRuntime.load();
        scope = new PointerScope();
        weight = torch.zeros(VALUES).set_requires_grad(true);
        tree = new GradientTree(List.of(weight));
    }

    @AfterEach
    void close() {
        weight.mutable_grad().reset();
        tree.close();
        scope.close();
    }

    /** The values of a leaf, of very different sizes, so that another order rounds otherwise. */
    private static float[] values(int leaf) {
        Random random = new Random(leaf);
        float[] values = new float[VALUES];
        for (int i = 0; i < VALUES; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7)));
        }
        return values;
    }

    private float[] sum(int leaves, List<Integer> order, List<Integer> empty, boolean buffers) {
        tree.begin(leaves);
        for (int leaf : order) {
            if (empty.contains(leaf)) {
                tree.skip(leaf);
                continue;
            }
            try (PointerScope own = new PointerScope()) {
                Tensor gradient = torch.tensor(values(leaf));
                if (buffers) {
                    gradient = tree.leaf(leaf, null).zeros(weight).add_(gradient);
                }
                tree.leaf(leaf, null).add(weight, gradient);
            }
        }
        tree.finish();
        float[] result = new float[VALUES];
        new FloatPointer(weight.grad().data_ptr_float()).get(result);
        weight.mutable_grad().reset();
        return result;
    }

    private static float[] expected(int from, int to, List<Integer> empty) {
        if (to - from == 1) {
            return empty.contains(from) ? new float[VALUES] : values(from);
        }
        int middle = (from + to) / 2;
        float[] sum = expected(from, middle, empty);
        float[] second = expected(middle, to, empty);
        for (int i = 0; i < VALUES; i++) {
            sum[i] += second[i];
        }
        return sum;
    }

    @Test
    void theOrderMakesNoDifference() {
        for (int leaves : new int[] {1, 2, 3, 4, 6, 8, 12}) {
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, leaves).boxed().toList());
            List<Float> expected = list(expected(0, leaves, List.of()));
            for (int i = 0; i < 10; i++) {
                assertEquals(expected, list(sum(leaves, order, List.of(), i % 2 == 1)), leaves + " in order " + order);
                Collections.shuffle(order, new Random(i));
            }
        }
    }

    @Test
    void emptyLeavesCountAsZeros() {
        List<Integer> empty = List.of(2, 5, 6, 7);
        List<Float> expected = list(expected(0, 8, empty));
        for (List<Integer> order : List.of(List.of(0, 1, 2, 3, 4, 5, 6, 7), List.of(7, 6, 5, 4, 3, 2, 1, 0))) {
            assertEquals(expected, list(sum(8, order, empty, false)));
        }
    }

    /** As when a leaf fails between the two. */
    @Test
    void memoryThatALeafTookAndDidNotHandOverIsUsedAgain() {
        tree.begin(1);
        Tensor taken = tree.leaf(0, null).zeros(weight);
        tree.begin(1);
        assertSame(taken, tree.leaf(0, null).zeros(weight));
    }

    @Test
    void aMissingLeafIsNoticed() {
        tree.begin(2);
        tree.leaf(0, null).add(weight, torch.ones(VALUES));
        assertThrows(IllegalStateException.class, tree::finish);
    }

    private static List<Float> list(float[] values) {
        return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
    }
}
