package perdure.train;

import java.util.List;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Operation;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;

/** An operator of libtorch that has no Java method, called through the dispatcher. */
final class BoxedOperator implements AutoCloseable {

    private final Operation operation;

    /** @param schema the operator's full signature, as libtorch's native_functions.yaml has it */
    BoxedOperator(String schema) {
        operation = torch.getOperatorForLiteral(schema).getOperation().retainReference();
    }

    /** Calls it with all its arguments, in the order of the schema; the results replace them. */
    IValueVector call(IValue... arguments) {
        IValueVector stack = new IValueVector(arguments);
        operation.apply(stack);
        return stack;
    }

    /** An argument of the type {@code Tensor[]}. */
    static IValue list(List<Tensor> tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) {
            list.push_back(new IValue(tensor));
        }
        return new IValue(list);
    }

    @Override
    public void close() {
        operation.close();
    }
}
