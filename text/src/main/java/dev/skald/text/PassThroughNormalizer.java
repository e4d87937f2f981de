package dev.skald.text;

/** For languages without rules: Unicode clean-up alone. */
final class PassThroughNormalizer implements TextNormalizer {
    @Override
    public String normalize(CharSequence text) {
        String clean = UnicodeCleanup.clean(text);
        return UnicodeCleanup.speakable(clean) ? clean : "";
    }
}
