package perdure.data;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Conversations held in memory. */
record ConversationCorpus(Supplier<List<Conversation>> conversations) implements Corpus {

    @Override
    public String fingerprint(BooleanSupplier stop) {
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
    public void read(Predicate<Passage> reader) {
        for (Conversation conversation : conversations.get()) {
            List<Turn> turns = conversation.turns();
            for (int i = 0; i < turns.size(); i++) {
                Turn turn = turns.get(i);
                if (!reader.test(new Passage(turn.role(), turn.content(), i == turns.size() - 1))) {
                    return;
                }
            }
        }
    }
}
