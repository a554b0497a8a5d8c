package perdure.run;

import java.util.function.LongConsumer;
import org.bytedeco.pytorch.Device;
import perdure.data.BatchLoader;
import perdure.data.Sequences;
import perdure.data.TrainingText.Dataset;
import perdure.device.DeviceMigrator;
import perdure.distributed.Workers;
import perdure.model.LanguageModel;
import perdure.model.ModelConfig;
import perdure.tokenizer.Tokenizer;
import perdure.train.Lanes;
import perdure.train.Learner;
import perdure.train.Optimizer;
import perdure.train.PartTimer;
import perdure.train.StopRequests;
import perdure.train.Trainer;
import perdure.train.Trainer.Part;

/**
 * The times of a run's parts on this machine, measured on its own data for a few seconds. It trains a model of its own,
 * which is thrown away.
 *
 * @param microBatch seconds to go forward and back over a micro-batch
 * @param update seconds to clip the gradients and to update the weights
 * @param evaluationBatch seconds to evaluate a batch of the validation text
 * @param sample seconds to generate the sample of an epoch's end
 * @param first seconds that the first step and the first evaluation take more than those after them
 */
record Calibration(double microBatch, double update, double evaluationBatch, double sample, double first) {

    /**
     * Steps that are not counted: they allocate memory and choose kernels, and Java compiles itself. The first may take
     * twice as long as those after it.
     */
    private static final int WARM_UP = 2;

    private static final double WARM_UP_SECONDS = 1.5;

    /** The parts are measured for so long. */
    private static final double SECONDS = 2.5;

    /** A part that takes longer counts at once: what a first one takes more is little beside it. */
    private static final double LONG = 15;

    /** Trains and evaluates for a few seconds. */
    static Calibration measure(
            RunConfig config,
            ModelConfig shape,
            Dataset dataset,
            Sequences sequences,
            Tokenizer tokenizer,
            Device device) {
        int context = config.model().context();
        int batchSize = config.optimization().batching().size();
        try (LanguageModel model = new LanguageModel(
                shape, config.fineTuning().lora(), config.length().seed())) {
            model.dropout(config.optimization().dropout());
            model.recompute(config.compute().recompute());
            DeviceMigrator.ensure(model, device);
            try (Lanes lanes = config.lanes(device.str().getString());
                    Optimizer optimizer = config.optimization().optimizer(model, lanes, Workers.alone());
                    BatchLoader batches = BatchLoader.shuffled(
                            dataset.training(),
                            sequences,
                            context,
                            batchSize,
                            config.length().seed());
                    BatchLoader heldOut = BatchLoader.sequential(
                            dataset.validation(), RunOutlook.validating(dataset, sequences), context, batchSize);
                    Learner learner = new Learner(
                            model, optimizer, device, config.compute().precision(), lanes)) {
                model.train(true);
                PartTimer timer = new PartTimer();
                long whole = batches.rows() / batchSize; // the last batch may be smaller
                Repeated step = Repeated.measure(index -> {
                    if (index <= WARM_UP) {
                        timer.clear();
                    }
                    timer.start();
                    long row = whole == 0 ? 0 : index % whole * batchSize;
                    Trainer.step(
                            learner,
                            batches.microBatches(0, row, 1),
                            row,
                            0,
                            config.optimization().gradientClip(),
                            () -> StopRequests.NONE,
                            timer);
                });
                double update = timer.share(Part.OPTIMIZER) * step.mean;
                model.train(false);
                Repeated evaluation =
                        Repeated.measure(index -> learner.lossSum(heldOut.batch(0, index % heldOut.batches())));
                SampleText text = new SampleText(model, tokenizer, dataset.hasConversations(), () -> false);
                long start = System.nanoTime();
                text.get();
                return new Calibration(
                        step.mean - update,
                        update,
                        evaluation.mean,
                        seconds(start),
                        step.firstMore() + evaluation.firstMore());
            }
        }
    }

    /**
     * The seconds of an action that is repeated.
     *
     * @param first those of the first time
     * @param mean of those after the warm-up
     */
    private record Repeated(double first, double mean) {

        /** Repeats an action, which is given the number of repetitions before it, from 0. */
        static Repeated measure(LongConsumer action) {
            long begin = System.nanoTime();
            action.accept(0);
            double first = seconds(begin);
            int done = 1;
            if (first > LONG) {
                return new Repeated(first, first);
            }
            while (done < WARM_UP || seconds(begin) < WARM_UP_SECONDS) {
                action.accept(done++);
            }
            long start = System.nanoTime();
            int times = 0;
            do {
                action.accept(done + times++);
            } while (seconds(start) < SECONDS);
            return new Repeated(first, seconds(start) / times);
        }

        double firstMore() {
            return Math.max(0, first - mean);
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
