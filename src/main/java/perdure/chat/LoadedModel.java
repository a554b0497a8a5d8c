package perdure.chat;

import perdure.checkpoint.Checkpoint;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;

/** A checkpoint loaded into memory, with its own model and tokenizer, ready to answer. */
record LoadedModel(AnsweringCheckpoint checkpoint, Tokenizer tokenizer, TokenGenerator generator, ChatModel chat)
        implements AutoCloseable {

    static LoadedModel of(Checkpoint checkpoint, AnsweringCheckpoint answering) {
        Tokenizer tokenizer = Tokenizer.read(checkpoint.folder());
        TokenGenerator generator = null;
        try {
            generator = TokenGenerator.withWeights(checkpoint.config(), checkpoint::readWeights);
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
