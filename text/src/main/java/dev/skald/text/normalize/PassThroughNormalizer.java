package dev.skald.text.normalize;

/** For languages without rules: Unicode clean-up alone. */
public final class PassThroughNormalizer implements TextNormalizer {
    @Override
    public String normalize(CharSequence text) {
        String clean = UnicodeCleanup.clean(text);
        return UnicodeCleanup.speakable(clean) ? clean : "";
    }
}
