/** The speech endpoint. */
module dev.skald.server {
    requires transitive dev.skald;
    requires dev.skald.audio;
    requires static org.jspecify;
    requires io.vertx.core;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires javax.jmdns;
    requires tools.jackson.databind;
    requires io.prometheus.metrics.core;
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;

    exports dev.skald.server;

    uses dev.skald.spi.AudioEncoderProvider;
}
