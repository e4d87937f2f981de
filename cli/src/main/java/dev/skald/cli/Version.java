package dev.skald.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code skald --version} prints. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"skald " + number() + " (Java " + Runtime.version() + ")"};
    }

    /** The version the build wrote into the jar; {@code development} outside of one. */
    static String number() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
