package perdure.chat;

import perdure.checkpoint.Generation;
import perdure.generate.TokenGenerator;
import perdure.tokenizer.Tokenizer;

/** A saved generation in memory, with a model and a tokenizer of its own, ready to answer. */
record LoadedModel(AnsweringCheckpoint checkpoint, Tokenizer tokenizer, TokenGenerator generator, ChatModel chat)
        implements AutoCloseable {

    static LoadedModel of(Generation generation) {
        Tokenizer tokenizer = Tokenizer.read(generation.folder());
        try {
            TokenGenerator generator = TokenGenerator.withWeights(generation.config(), generation::readWeights);
            ChatModel chat = new ChatModel(generator, tokenizer);
            return new LoadedModel(AnsweringCheckpoint.of(generation), tokenizer, generator, chat);
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
