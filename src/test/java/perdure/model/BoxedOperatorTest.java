package perdure.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import perdure.device.LoadedNatives;

@ExtendWith(LoadedNatives.class)
class BoxedOperatorTest {

    /** Names of nearly equal length, whose copies in native memory take each other's place. */
    @Test
    void isTheOneThatWasAskedForHoweverOftenOthersWereBefore() {
        for (int round = 0; round < 2000; round++) {
            try (PointerScope scope = new PointerScope();
                    BoxedOperator scale = new BoxedOperator("aten::_foreach_mul_", "Scalar");
                    BoxedOperator shift = new BoxedOperator("aten::_foreach_add_", "Scalar");
                    BoxedOperator reduce = new BoxedOperator("aten::_foreach_sub_", "Scalar")) {
                Tensor number = torch.tensor(5.0);
                IValue numbers = BoxedOperator.list(List.of(number));
                scale.call(numbers, new IValue(new Scalar(3.0)));
                shift.call(numbers, new IValue(new Scalar(2.0)));
                reduce.call(numbers, new IValue(new Scalar(10.0)));
                assertEquals(7, number.item_double(), "round " + round);
            }
        }
    }
}
