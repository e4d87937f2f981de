package dev.skald.cli.console;

import picocli.CommandLine.IVersionProvider;

/** What {@code skald --version} prints. */
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"skald " + number() + " (Java " + Runtime.version() + ")"};
    }

    /** The version the build wrote into the jar; {@code development} outside of one. */
    public static String number() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
