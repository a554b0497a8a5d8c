package perdure.data;

/** A part of the data in a message: in one line, and not long. */
final class Quoted {

    private static final int LONGEST_WORD = 40;
    private static final int LONGEST_LINE = 200;

    private Quoted() {}

    static String word(String text) {
        return shortened(text, LONGEST_WORD);
    }

    static String line(String text) {
        return shortened(text, LONGEST_LINE);
    }

    /** Without control characters. */
    private static String shortened(String text, int longest) {
        String cut = text.length() > longest ? text.substring(0, longest) + "…" : text;
        return cut.replaceAll("[\\p{Cntrl}\\u2028\\u2029\\ufeff]", "\ufffd");
    }
}
