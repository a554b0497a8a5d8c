package perdure.model;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The part of a {@link ModelConfig} about rotary positions (Su et al. 2021, section 3.4).
 *
 * @param theta base of the frequencies
 * @param layersWithout indices, from 0 and ascending, of the layers whose queries and keys are not rotated
 */
public record RotaryConfig(double theta, RotaryScaling scaling, List<Integer> layersWithout) {

    /** The base of the frequencies that most models have. */
    public static final double THETA = 10_000;

    /** All layers, no scaling. */
    public static final RotaryConfig DEFAULT = new RotaryConfig(THETA, RotaryScaling.NONE, List.of());

    public RotaryConfig {
        if (!(theta > 0 && theta < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("rotary theta " + theta + " is not a positive number.");
        }
        SortedSet<Integer> ascending = new TreeSet<>(layersWithout);
        if (!ascending.isEmpty() && ascending.first() < 0) {
            throw new IllegalArgumentException("layer " + ascending.first() + " is not a number from 0.");
        }
        layersWithout = List.copyOf(ascending);
    }

    public RotaryConfig withTheta(double theta) {
        return new RotaryConfig(theta, scaling, layersWithout);
    }

    public RotaryConfig withScaling(RotaryScaling scaling) {
        return new RotaryConfig(theta, scaling, layersWithout);
    }

    public RotaryConfig withLayersWithout(List<Integer> layersWithout) {
        return new RotaryConfig(theta, scaling, layersWithout);
    }
}
