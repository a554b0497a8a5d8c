package perdure.model;

import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;

/**
 * A libtorch operator without a Java method, called through the dispatcher. It is looked up by name, because {@code
 * getOperatorForLiteral} remembers operators by the address of the given signature: Java frees that memory, and when
 * the address is used again, the wrong operator is returned.
 */
public final class BoxedOperator implements AutoCloseable {

    private final OperatorHandle operator;

    /** @param name and {@code overload} as libtorch's native_functions.yaml has them, the name with its namespace */
    public BoxedOperator(String name, String overload) {
        operator = Dispatcher.singleton().findSchemaOrThrow(name, overload).retainReference();
    }

    /** Calls it with all its arguments, in the order of its signature. The results replace the arguments. */
    public IValueVector call(IValue... arguments) {
        IValueVector stack = new IValueVector(arguments);
        operator.callBoxed(stack);
        return stack;
    }

    /** An argument of the type {@code Tensor[]}. */
    public static IValue list(List<Tensor> tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (Tensor tensor : tensors) {
            list.push_back(new IValue(tensor));
        }
        return new IValue(list);
    }

    /** Type of the elements of the list that is argument {@code index} (from 0): for lists of optional values. */
    Type.TypePtr elementType(long index) {
        return operator.schema().arguments().getPointer(index).type().get().containedType(0);
    }

    @Override
    public void close() {
        operator.close();
    }
}
