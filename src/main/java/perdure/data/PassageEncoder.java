package perdure.data;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import perdure.data.TokenWriter.Encoded;
import perdure.tokenizer.ChatMessage;
import perdure.tokenizer.ChatTemplate;
import perdure.tokenizer.ChatTemplateException;
import perdure.tokenizer.Tokenizer;

/**
 * Passages as token ids: plain text as it is, between what begins and what ends a text; a conversation, once all of its
 * messages are there, as the chat template of the tokenizer makes it. It is for one thread.
 */
final class PassageEncoder {

    private final Tokenizer tokenizer;
    private final List<Passage> conversation = new ArrayList<>();
    private ChatTemplate template;

    PassageEncoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The next passage.
     *
     * @param continues whether it goes on with the text of a document
     * @return what is complete with it: nothing, a piece of text, or the samples of a conversation
     * @throws RowException if the conversation has no form in the chat template
     */
    List<Encoded> add(Passage passage, boolean continues) {
        if (passage.role() == null) {
            return List.of(text(passage, continues));
        }
        List<Passage> messages = whole(passage);
        if (messages == null) {
            return List.of();
        }
        List<Encoded> encoded = new ArrayList<>();
        List<ChatTemplate.Sample> samples = refused(
                () -> template().samples(messages(messages), messages.get(0).tools(), index -> messages.get(index)
                        .learned()));
        for (ChatTemplate.Sample sample : samples) {
            int[] ids = tokenizer.endsConversations()
                    ? IntStream.concat(IntStream.of(sample.ids()), IntStream.of(tokenizer.endOfText()))
                            .toArray()
                    : sample.ids();
            encoded.add(new Encoded(ids, sample.learned(), messages.size(), true, !encoded.isEmpty()));
        }
        return encoded;
    }

    /**
     * Checks that the next passage can be encoded.
     *
     * @return how many passages of what is complete with it the loss on assistant turns counts
     * @throws RowException as {@link #add}
     */
    long check(Passage passage) {
        if (passage.role() == null) {
            return passage.learned() ? 1 : 0;
        }
        List<Passage> messages = whole(passage);
        return messages != null
                        && refused(() -> template()
                                .check(messages(messages), messages.get(0).tools(), index -> messages.get(index)
                                        .learned()))
                ? messages.stream().filter(Passage::learned).count()
                : 0;
    }

    /** All messages of the conversation that the passage ends; null if it does not. */
    private List<Passage> whole(Passage passage) {
        conversation.add(passage);
        if (!passage.endsDocument()) {
            return null;
        }
        List<Passage> messages = List.copyOf(conversation);
        conversation.clear();
        return messages;
    }

    private static List<ChatMessage> messages(List<Passage> passages) {
        return passages.stream().map(Passage::message).toList();
    }

    private ChatTemplate template() {
        if (template == null) {
            template = new ChatTemplate(tokenizer);
        }
        return template;
    }

    private interface Work<T> {
        T get();
    }

    private static <T> T refused(Work<T> work) {
        try {
            return work.get();
        } catch (ChatTemplateException refusal) {
            throw new RowException("cannot be learned: " + refusal.getMessage());
        }
    }

    private Encoded text(Passage passage, boolean continues) {
        IntStream ids = continues
                ? IntStream.of(tokenizer.encodeContinuing(passage.text()))
                : IntStream.concat(
                        IntStream.of(tokenizer.startOfText()), IntStream.of(tokenizer.encode(passage.text())));
        int[] all =
                (passage.endsDocument() ? IntStream.concat(ids, IntStream.of(tokenizer.endOfText())) : ids).toArray();
        BitSet learned = new BitSet();
        learned.set(0, all.length);
        return new Encoded(all, learned, 0, passage.endsDocument(), false);
    }
}
