package perdure.data;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import perdure.tokenizer.ChatMessage;

/** A corpus of conversations that are held in memory, in lists that never change. */
final class ConversationCorpus implements Corpus {

    private final Supplier<List<Conversation>> conversations;

    /** That of the list that was last read for it. */
    private volatile Known known = new Known(null, null);

    private record Known(List<Conversation> conversations, String fingerprint) {}

    ConversationCorpus(Supplier<List<Conversation>> conversations) {
        this.conversations = conversations;
    }

    @Override
    public String fingerprint(BooleanSupplier stop) {
        List<Conversation> asked = conversations.get();
        Known last = known;
        if (last.conversations != asked) {
            last = new Known(asked, computed(stop));
            known = last;
        }
        return last.fingerprint;
    }

    private String computed(BooleanSupplier stop) {
        Fingerprint fingerprint = new Fingerprint();
        read(passage -> {
            for (String part : List.of(passage.role(), passage.text(), passage.endsDocument() ? "end" : "")) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                fingerprint.add(bytes.length).add(bytes);
            }
            return Corpus.goOn(stop);
        });
        return fingerprint.hex();
    }

    @Override
    public String signature() {
        return fingerprint(() -> false);
    }

    @Override
    public void read(Predicate<Passage> reader, Runnable nextFile) {
        nextFile.run();
        long number = 0;
        for (Conversation conversation : conversations.get()) {
            number++;
            List<ChatMessage> messages = conversation.messages();
            for (int i = 0; i < messages.size(); i++) {
                ChatMessage message = messages.get(i);
                try {
                    if (!reader.test(Passage.message(message.role(), message.content(), i == messages.size() - 1))) {
                        return;
                    }
                } catch (RowException refused) {
                    throw new IllegalArgumentException("conversation " + number + " " + refused.getMessage(), refused);
                }
            }
        }
    }
}
