package perdure.server;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import perdure.server.openai.Responses;
import perdure.status.TrainingProgress;
import perdure.status.TrainingProgress.Gpu;
import perdure.status.TrainingStatus;
import perdure.status.WorkersStatus;

/** {@code GET /metrics} for Prometheus: the newest status and the memory of the process, read at each request. */
final class MetricsHandler implements HttpHandler {

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();
    private final StatusDocuments documents;

    MetricsHandler(ServedRun run, StatusDocuments documents) {
        this.documents = documents;
        gauge("perdure_training_running", "1 while the trainer trains, else 0", status -> status.running() ? 1.0 : 0.0);
        gauge(
                "perdure_training_loss",
                "Training loss: mean of the epoch in progress, nats per token",
                TrainingStatus::loss);
        gauge(
                "perdure_training_best_loss",
                "Best loss: lowest training loss of an epoch, nats per token",
                status -> status.progress().quality().bestLoss());
        gauge(
                "perdure_training_validation_loss",
                "Validation loss of the last evaluation, nats per token",
                status -> status.progress().quality().validationLoss());
        gauge("perdure_training_learning_rate", "Learning rate of the last step", status -> status.progress()
                .quality()
                .learningRate());
        gauge("perdure_training_epoch", "Epoch in progress, counted from one", status ->
                (double) status.currentEpoch());
        gauge("perdure_training_epochs_planned", "Epochs to reach", status -> (double) status.totalEpochs());
        gauge(
                "perdure_training_tokens_per_second",
                "Tokens per second that this process trains on",
                status -> status.progress().speed().tokensPerSecond());
        gauge("perdure_gpu_memory_used_bytes", "Memory of the GPU that all processes on it use", ofGpu(Gpu::usedBytes));
        gauge(
                "perdure_gpu_memory_peak_bytes",
                "The most memory of the GPU that was used since this process began, of one reading per second",
                ofGpu(Gpu::peakBytes));
        gauge("perdure_gpu_memory_total_bytes", "Memory of the GPU", ofGpu(Gpu::totalBytes));
        gauge(
                "perdure_gpu_utilization_percent",
                "Share of the last moment in which the GPU computed",
                ofGpu(Gpu::utilization));
        counter("perdure_training_steps", "Optimizer steps of the run", progress -> progress.position()
                .step());
        counter("perdure_training_tokens", "Tokens trained on in the run", progress -> progress.position()
                .tokens());
        counter("perdure_checkpoint_saves", "Checkpoints saved by this process", progress -> progress.saved()
                .saves());
        counter("perdure_checkpoint_failures", "Saves of this process that failed", progress -> progress.saved()
                .failures());
        counter(
                "perdure_checkpoint_copy_seconds",
                "Time that training waited for the saves of this process",
                progress -> progress.saved().copySeconds());
        counter(
                "perdure_checkpoint_write_seconds",
                "Time that writing the saves of this process took, beside the training",
                progress -> progress.saved().writeSeconds());
        counter("perdure_training_seconds", "Time trained in the run's whole life", progress -> progress.speed()
                .totalSeconds());
        ofRanks("perdure_worker_step", "Steps of the run that a rank has finished", rank -> (double) rank.step());
        ofRanks("perdure_worker_heard_seconds", "Time since a rank was heard", WorkersStatus.Rank::heardSeconds);
        ofRanks(
                "perdure_worker_wait_seconds",
                "Time that a rank has waited for others; the slowest waits least",
                WorkersStatus.Rank::waitSeconds);
        memory(run);
    }

    /** The registry in which other parts of the server register their own metrics. */
    PrometheusRegistry registry() {
        return registry;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws IOException {
        String accepted = exchange.getRequestHeaders().getFirst(Headers.ACCEPT);
        ExpositionFormatWriter openMetrics = formats.getOpenMetricsTextFormatWriter();
        // Whoever would rather have Protocol Buffers, as Prometheus with native histograms, takes text too.
        ExpositionFormatWriter format =
                openMetrics.accepts(accepted) ? openMetrics : formats.getPrometheusTextFormatWriter();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        format.write(body, registry.scrape());
        Responses.send(exchange, 200, format.getContentType(), body.toByteArray());
    }

    /** Null without a GPU, and where the value is null. */
    private static Function<TrainingStatus, Double> ofGpu(Function<Gpu, Number> value) {
        return status -> Optional.ofNullable(status.progress().speed().gpu())
                .map(value)
                .map(Number::doubleValue)
                .orElse(null);
    }

    /** @param value if null, the metric is left out */
    private void gauge(String name, String help, Function<TrainingStatus, Double> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(sample -> {
                    Double now = value.apply(documents.newest().status());
                    if (now != null) {
                        sample.call(now);
                    }
                })
                .register(registry);
    }

    /** Left out if one process trains alone. */
    private void ofRanks(String name, String help, ToDoubleFunction<WorkersStatus.Rank> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames("rank")
                .callback(sample -> {
                    WorkersStatus workers = documents.newest().status().workers();
                    if (workers != null) {
                        workers.ranks()
                                .forEach(rank -> sample.call(value.applyAsDouble(rank), Integer.toString(rank.rank())));
                    }
                })
                .register(registry);
    }

    private void counter(String name, String help, ToDoubleFunction<TrainingProgress> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(sample -> sample.call(
                        value.applyAsDouble(documents.newest().status().progress())))
                .register(registry);
    }

    private void memory(ServedRun run) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        GaugeWithCallback.builder()
                .name("jvm_memory_used_bytes")
                .help("Memory that the Java virtual machine uses")
                .labelNames("area")
                .callback(sample -> {
                    sample.call(memory.getHeapMemoryUsage().getUsed(), "heap");
                    sample.call(memory.getNonHeapMemoryUsage().getUsed(), "nonheap");
                })
                .register(registry);
        GaugeWithCallback.builder()
                .name("perdure_native_memory_bytes")
                .help(
                        "Memory that native code has allocated and not freed, as counted by glibc: tensors on the CPU and "
                                + "data of libraries, without the Java heap")
                .callback(sample -> callIfKnown(sample, run.nativeBytes().getAsLong()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("process_resident_memory_bytes")
                .help("Resident memory size in bytes")
                .callback(sample -> callIfKnown(sample, run.residentBytes().getAsLong()))
                .register(registry);
    }

    private static void callIfKnown(GaugeWithCallback.Callback sample, long bytes) {
        if (bytes >= 0) {
            sample.call(bytes);
        }
    }
}
