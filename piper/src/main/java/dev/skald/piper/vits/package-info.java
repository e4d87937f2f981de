/**
 * VITS as Piper trains it, over {@link dev.skald.tensor.Ops}: text encoder, duration predictor,
 * residual coupling flow and HiFi-GAN decoder, one file each, and the readers of the two files a
 * voice comes in: the published {@code .onnx} and the packed form of a bundled voice.
 *
 * <p>Papers: Kim, Kong, Son 2021, "Conditional Variational Autoencoder with Adversarial Learning
 * for End-to-End Text-to-Speech" (reference code: jaywalnut310/vits); Kong, Kim, Bae 2020,
 * "HiFi-GAN"; Durkan et al. 2019, "Neural Spline Flows". Legend of the shapes: B batch (always 1),
 * T phonemes, F frames of the spectrogram, S samples, C channels.
 */
@NullMarked
package dev.skald.piper.vits;

import org.jspecify.annotations.NullMarked;
