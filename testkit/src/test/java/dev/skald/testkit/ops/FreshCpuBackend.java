package dev.skald.testkit.ops;

import java.io.IOException;
import java.io.InputStream;

/** Loads the classes of the CPU's backend anew, so that they read their width again. */
public final class FreshCpuBackend extends ClassLoader {
    private static final String PACKAGE = "dev.skald.tensor.cpu.";

    public FreshCpuBackend() {
        super(FreshCpuBackend.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            if (!name.startsWith(PACKAGE)) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            String file = name.replace('.', '/') + ".class";
            try (InputStream in = getParent().getResourceAsStream(file)) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
