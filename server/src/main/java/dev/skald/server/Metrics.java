package dev.skald.server;

import dev.skald.Skald;
import dev.skald.SpeechReport;
import dev.skald.StageWork;
import dev.skald.server.admission.Admission;
import dev.skald.spi.EngineStatus;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/** What a Prometheus server reads at {@code /metrics}. */
final class Metrics {
    static final String MEDIA_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Counter requests =
            Counter.builder()
                    .name("skald_requests_total")
                    .help("Requests by route and status.")
                    .labelNames("route", "status")
                    .register(registry);
    private final Histogram firstAudio =
            Histogram.builder()
                    .name("skald_first_audio_seconds")
                    .help("From the whole request to the first audio, waiting included.")
                    .classicOnly()
                    .classicUpperBounds(.01, .025, .05, .1, .2, .4, .8, 1.6, 3.2, 6.4, 12.8)
                    .labelNames("model")
                    .register(registry);
    private final Histogram realTimeFactor =
            Histogram.builder()
                    .name("skald_real_time_factor")
                    .help("Seconds of work for a second of audio.")
                    .classicOnly()
                    .classicUpperBounds(.01, .02, .05, .1, .2, .5, 1, 2, 5)
                    .labelNames("model")
                    .register(registry);
    private final Counter audio =
            Counter.builder()
                    .name("skald_audio_seconds_total")
                    .help("Seconds of audio that were made.")
                    .labelNames("model")
                    .register(registry);
    private final Counter characters =
            Counter.builder()
                    .name("skald_characters_total")
                    .help("Characters of normalised text that were spoken.")
                    .labelNames("model")
                    .register(registry);
    private final Histogram tokens =
            Histogram.builder()
                    .name("skald_tokens_per_second")
                    .help("Speech tokens drawn in a second of decoding, a speech.")
                    .classicOnly()
                    .classicUpperBounds(5, 10, 20, 40, 80, 160, 320, 640, 1280)
                    .labelNames("model")
                    .register(registry);
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

    Metrics(Skald skald, Admission admission) {
        engineGauges(skald);
        GaugeWithCallback.builder()
                .name("skald_queue_waiting")
                .help("Requests that wait for their turn.")
                .callback(gauge -> gauge.call(admission.queued()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("skald_requests_speaking")
                .help("Requests that speak.")
                .callback(gauge -> gauge.call(admission.speaking()))
                .register(registry);
        GaugeWithCallback.builder()
                .name("skald_heap_used_bytes")
                .help("Bytes of the heap in use.")
                .callback(
                        gauge -> {
                            Runtime runtime = Runtime.getRuntime();
                            gauge.call(runtime.totalMemory() - runtime.freeMemory());
                        })
                .register(registry);
    }

    private void engineGauges(Skald skald) {
        gauge("skald_active_slots", "Speeches that an engine makes audio for.")
                .callback(each(skald, EngineStatus::speaking))
                .register(registry);
        gauge("skald_models_loaded", "Models and voices in memory.")
                .callback(each(skald, EngineStatus::loaded))
                .register(registry);
        gauge("skald_device_memory_bytes", "Bytes taken of a GPU's memory.")
                .callback(each(skald, EngineStatus::deviceBytes))
                .register(registry);
        CounterWithCallback.builder()
                .name("skald_model_cache_total")
                .help("Requests that found their model loaded (hit) or had it loaded (load).")
                .labelNames("engine", "result")
                .callback(
                        counter ->
                                skald.status()
                                        .forEach(
                                                (engine, status) -> {
                                                    counter.call(status.hits(), engine, "hit");
                                                    counter.call(status.loads(), engine, "load");
                                                }))
                .register(registry);
    }

    private static GaugeWithCallback.Builder gauge(String name, String help) {
        return GaugeWithCallback.builder().name(name).help(help).labelNames("engine");
    }

    private static Consumer<GaugeWithCallback.Callback> each(
            Skald skald, ToDoubleFunction<EngineStatus> value) {
        return gauge ->
                skald.status()
                        .forEach(
                                (engine, status) ->
                                        gauge.call(value.applyAsDouble(status), engine));
    }

    void request(String route, int status) {
        requests.labelValues(route, Integer.toString(status)).inc();
    }

    void began(String model, double seconds) {
        firstAudio.labelValues(model).observe(seconds);
    }

    void ended(String model, SpeechReport report, List<StageWork> stages) {
        audio.labelValues(model).inc(report.seconds());
        characters.labelValues(model).inc(report.characters());
        realTimeFactor.labelValues(model).observe(report.realTimeFactor());
        for (StageWork stage : stages) {
            if (stage.unit().equals("tokens") && stage.seconds() > 0) {
                tokens.labelValues(model).observe(stage.work() / stage.seconds());
            }
        }
    }

    byte[] text() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.write(out, registry.scrape());
        return out.toByteArray();
    }
}
