package perdure.chat;

import org.bytedeco.pytorch.Device;
import perdure.checkpoint.Checkpoint;
import perdure.device.Precision;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;

/** A checkpoint loaded into memory, with its own model and tokenizer, ready to answer. */
record LoadedModel(AnsweringCheckpoint checkpoint, Tokenizer tokenizer, TokenGenerator generator, ChatModel chat)
        implements AutoCloseable {

    /** @param asked as {@link Precision#ofAnswers} has it */
    static LoadedModel of(Checkpoint checkpoint, AnsweringCheckpoint answering, Device device, Precision asked) {
        Tokenizer tokenizer = Tokenizer.read(checkpoint.folder());
        TokenGenerator generator = null;
        try {
            Precision precision = Precision.ofAnswers(asked, checkpoint.trainedInBf16(), device);
            generator = TokenGenerator.withWeights(
                    checkpoint.config(), device, precision == Precision.BF16, checkpoint::readWeights);
            return new LoadedModel(answering, tokenizer, generator, new ChatModel(generator, tokenizer));
        } catch (RuntimeException e) {
            if (generator != null) {
                generator.close();
            }
            tokenizer.close();
            throw e;
        }
    }

    @Override
    public void close() {
        generator.close();
        tokenizer.close();
    }
}
