package perdure.model;

/**
 * How the frequencies of rotary positions are changed, so that a model trained on short texts reads longer ones.
 * Frequencies are in radians per position.
 */
public sealed interface RotaryScaling {

    /** The frequencies as they are. */
    RotaryScaling NONE = new None();

    /** The frequency that takes the place of {@code frequency}. */
    double scaled(double frequency);

    /** The frequencies as they are. */
    record None() implements RotaryScaling {

        @Override
        public double scaled(double frequency) {
            return frequency;
        }
    }

    /** Every frequency over {@code factor} (Chen et al. 2023, Extending context window by position interpolation). */
    record Linear(double factor) implements RotaryScaling {

        public Linear {
            requireAtLeastOne("rotary factor", factor);
        }

        @Override
        public double scaled(double frequency) {
            return frequency / factor;
        }
    }

    /**
     * The scaling of Llama 3.1: high frequencies stay, low ones are divided by {@code factor}, and those between are
     * interpolated.
     *
     * @param lowFactor waves longer than {@code originalContext / lowFactor} positions have a low frequency
     * @param highFactor waves shorter than {@code originalContext / highFactor} positions have a high frequency
     * @param originalContext the context before it was extended, in tokens
     */
    record Llama3(double factor, double lowFactor, double highFactor, int originalContext) implements RotaryScaling {

        public Llama3 {
            requireAtLeastOne("rotary factor", factor);
            ModelConfig.requirePositive("original context", originalContext);
            if (!(lowFactor > 0 && lowFactor < highFactor && highFactor < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("rotary low and high frequency factors " + lowFactor + " and "
                        + highFactor + " are not positive and ascending.");
            }
        }

        @Override
        public double scaled(double frequency) {
            double wavelength = 2 * Math.PI / frequency;
            if (wavelength < originalContext / highFactor) {
                return frequency;
            }
            if (wavelength > originalContext / lowFactor) {
                return frequency / factor;
            }
            double smooth = (originalContext / wavelength - lowFactor) / (highFactor - lowFactor);
            return (1 - smooth) * frequency / factor + smooth * frequency;
        }
    }

    private static void requireAtLeastOne(String name, double value) {
        if (!(value >= 1 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " " + value + " is not a number from 1.");
        }
    }
}
