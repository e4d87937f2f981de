package dev.skald.server;

import dev.skald.SpeechReport;
import dev.skald.server.admission.Admission;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

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
    private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

    Metrics(Admission admission) {
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

    void request(String route, int status) {
        requests.labelValues(route, Integer.toString(status)).inc();
    }

    void began(String model, double seconds) {
        firstAudio.labelValues(model).observe(seconds);
    }

    void ended(String model, SpeechReport report) {
        audio.labelValues(model).inc(report.seconds());
        characters.labelValues(model).inc(report.characters());
        realTimeFactor.labelValues(model).observe(report.realTimeFactor());
    }

    byte[] text() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.write(out, registry.scrape());
        return out.toByteArray();
    }
}
