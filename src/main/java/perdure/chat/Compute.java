package perdure.chat;

import java.util.function.LongFunction;
import perdure.device.Precision;

/**
 * With what the models of a chat compute.
 *
 * @param threads that libtorch uses inside an operation of a large model; one if training runs in the same process
 * @param precision null: as {@link Precision#ofAnswers} has it
 * @param device the name of that for a model which takes so many bytes of memory. Asked each time one is loaded
 */
public record Compute(int threads, Precision precision, LongFunction<String> device) {

    /** Of a program that answers on the CPU. */
    public static Compute onCpu(int threads) {
        return new Compute(threads, null, bytes -> "cpu");
    }
}
