package dev.skald.testkit;

import dev.skald.tensor.Ops;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntUnaryOperator;

/** Op streams that do what another one does, with one difference. */
public final class OpsProxies {
    /** What moves values between the host and where the ops run. */
    private static final Set<String> TRANSFERS = Set.of("read", "write");

    private interface Handler {
        Object call(Method method, Object[] arguments) throws Throwable;
    }

    private OpsProxies() {}

    private static Ops proxy(Handler handler) {
        return (Ops)
                Proxy.newProxyInstance(
                        Ops.class.getClassLoader(),
                        new Class<?>[] {Ops.class},
                        (self, method, arguments) -> {
                            try {
                                return handler.call(method, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    /** One that rounds rows up to the buckets of a device. */
    public static Ops bucketed(Ops ops, IntUnaryOperator bucket) {
        return proxy(
                (method, arguments) ->
                        method.getName().equals("bucket")
                                ? bucket.applyAsInt((Integer) arguments[0])
                                : method.invoke(ops, arguments));
    }

    /**
     * One that refuses to move values to or from the host: for the inside of a network. What an
     * op's default body does of itself is not refused.
     *
     * @param network for the message
     */
    public static Ops withoutTransfers(Ops ops, String network) {
        return withoutTransfers(ops, network, () -> true);
    }

    /**
     * The same, for as long as {@code inside} says so.
     *
     * @param inside whether the network runs now
     */
    public static Ops withoutTransfers(Ops ops, String network, BooleanSupplier inside) {
        return proxy(
                (method, arguments) -> {
                    boolean upload =
                            method.getName().equals("ints") && arguments[0] instanceof int[];
                    boolean transfer = upload || TRANSFERS.contains(method.getName());
                    if (transfer && inside.getAsBoolean()) {
                        throw new AssertionError(network + " moves values: " + method.getName());
                    }
                    return method.invoke(ops, arguments);
                });
    }
}
