package perdure.checkpoint;

import tools.jackson.core.JacksonException;

/**
 * A line of the loss history or of the training log. It is parsed when it is first asked for, since of a long history only few lines ever are.
 */
final class HistoryLine {

    /** Ends the key of the first loss of a line, whose beginning tells the kind of line, without parsing. */
    private static final String LOSS = "loss\":";

    private static final String EPOCH_KEY = "\"epoch_loss\":";

    /** Its presence tells a sample in the training log. */
    private static final String SAMPLE_KEY = "\"sample\"";

    private static final String START = "{\"step\":";

    private final Class<? extends LossCurve.Line> type;
    private final long step;
    /** As it is in the file; null once {@link #json} was asked for. */
    private String text;
    /** Null before, and for a damaged line also after {@link #json} was asked for. */
    private byte[] json;

    private HistoryLine(String text, long step, Class<? extends LossCurve.Line> type) {
        this.text = text;
        this.step = step;
        this.type = type;
    }

    private static Class<? extends LossCurve.Line> type(String text) {
        int loss = text.indexOf(LOSS);
        if (loss < 0 || text.charAt(loss - 1) == '"') {
            return LossCurve.Step.class;
        }
        return text.contains(EPOCH_KEY) ? LossCurve.Epoch.class : LossCurve.Validation.class;
    }

    /** A line of the loss history. Returns null for one that states no step, which is damaged. */
    static HistoryLine of(String text) {
        Long step = step(text);
        return step == null ? null : new HistoryLine(text, step, type(text));
    }

    /** A line of the training log. Returns null for one that states no step, which is damaged. */
    static HistoryLine ofLog(String text) {
        Long step = step(text);
        return step == null
                ? null
                : new HistoryLine(
                        text, step, text.contains(SAMPLE_KEY) ? LossCurve.Sample.class : LossCurve.Measurement.class);
    }

    /** The step, without parsing the line if it begins as this version writes it; else null if there is none. */
    private static Long step(String text) {
        if (text.startsWith(START)) {
            long step = 0;
            int at = START.length();
            while (at < text.length() && at < START.length() + 18 && isDigit(text.charAt(at))) {
                step = 10 * step + text.charAt(at++) - '0';
            }
            if (at > START.length() && at < text.length() && text.charAt(at) == ',') {
                return step;
            }
        }
        return LossCurve.step(text);
    }

    private static boolean isDigit(char character) {
        return character >= '0' && character <= '9';
    }

    Class<? extends LossCurve.Line> type() {
        return type;
    }

    long step() {
        return step;
    }

    /** The keys that this version knows, as JSON. Null for a damaged line, so that only this line is lost. */
    byte[] json() {
        if (text != null) {
            LossCurve.Line line = parsed();
            json = line == null ? null : Json.MAPPER.writeValueAsBytes(line);
            text = null;
        }
        return json;
    }

    /** Null for a damaged line. Call it before {@link #json}. */
    LossCurve.Line parsed() {
        try {
            return Json.MAPPER.readValue(text, type);
        } catch (JacksonException damaged) {
            return null;
        }
    }
}
