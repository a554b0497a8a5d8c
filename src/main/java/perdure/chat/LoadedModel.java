package perdure.chat;

import perdure.checkpoint.Checkpoint;
import perdure.device.Precision;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;

/**
 * A checkpoint loaded into memory, with its own model and tokenizer, ready to answer. What was trained in bf16 answers in
 * bf16, if the processor multiplies in it.
 */
record LoadedModel(AnsweringCheckpoint checkpoint, Tokenizer tokenizer, TokenGenerator generator, ChatModel chat)
        implements AutoCloseable {

    static LoadedModel of(Checkpoint checkpoint, AnsweringCheckpoint answering) {
        Tokenizer tokenizer = Tokenizer.read(checkpoint.folder());
        TokenGenerator generator = null;
        try {
            boolean bf16 = Precision.ofAnswers(checkpoint.trainedInBf16()) == Precision.BF16;
            generator = TokenGenerator.withWeights(checkpoint.config(), bf16, checkpoint::readWeights);
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
