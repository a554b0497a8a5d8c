package perdure.chat;

import perdure.checkpoint.Checkpoint;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;

/** A saved checkpoint in memory, with a model and a tokenizer of its own, ready to answer. */
record LoadedModel(AnsweringCheckpoint checkpoint, Tokenizer tokenizer, TokenGenerator generator, ChatModel chat)
        implements AutoCloseable {

    static LoadedModel of(Checkpoint checkpoint) {
        Tokenizer tokenizer = Tokenizer.read(checkpoint.folder());
        try {
            TokenGenerator generator = TokenGenerator.withWeights(checkpoint.config(), checkpoint::readWeights);
            ChatModel chat = new ChatModel(generator, tokenizer);
            return new LoadedModel(AnsweringCheckpoint.of(checkpoint), tokenizer, generator, chat);
        } catch (RuntimeException e) {
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
