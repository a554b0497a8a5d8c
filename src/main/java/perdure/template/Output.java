package perdure.template;

import java.util.ArrayList;
import java.util.List;

/** Text in the making, with the spans that are answers of the model. */
final class Output {
    private final StringBuilder text = new StringBuilder();
    private final List<Rendered.Span> generation = new ArrayList<>();
    private final Budget budget;

    Output(Budget budget) {
        this.budget = budget;
    }

    void append(String more) {
        budget.more(text.length(), more.length());
        text.append(more);
    }

    int length() {
        return text.length();
    }

    /** Everything from {@code start} on is the model's. */
    void generated(int start) {
        generation.add(new Rendered.Span(start, text.length()));
    }

    String text() {
        return text.toString();
    }

    Rendered rendered() {
        return new Rendered(text(), generation);
    }
}
