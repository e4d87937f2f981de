package dev.skald.server.wyoming;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import javax.jmdns.JmDNS;
import javax.jmdns.ServiceInfo;

/**
 * Tells the local networks of a Wyoming server by multicast DNS, so that Home Assistant finds it.
 * Loopback addresses are told to nobody.
 */
final class Announcement implements AutoCloseable {
    static final String TYPE = "_wyoming._tcp.local.";

    private static final System.Logger LOG = System.getLogger(Announcement.class.getName());

    private final String name;
    private final int port;
    private final List<JmDNS> networks = new ArrayList<>();
    private boolean closed;

    /**
     * Begins to announce, on a thread of its own: names are probed for first, which takes a second.
     *
     * @param host the address that is listened on; the any-address for all there are
     */
    Announcement(String name, InetAddress host, int port) {
        this.name = name;
        this.port = port;
        Thread.ofPlatform().daemon().name("skald-mdns").start(() -> announce(host));
    }

    private void announce(InetAddress host) {
        try {
            for (InetAddress address : addresses(host)) {
                JmDNS network = JmDNS.create(address, "skald-" + address.getHostAddress());
                if (!keep(network)) {
                    network.close();
                    return;
                }
                network.registerService(ServiceInfo.create(TYPE, name, port, ""));
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "announced to the network of {0}",
                        address.getHostAddress());
            }
        } catch (IOException | IllegalStateException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "Home Assistant will not find this by itself ({0}): give it the address",
                    e.getMessage());
        }
    }

    private synchronized boolean keep(JmDNS network) {
        if (!closed) {
            networks.add(network);
        }
        return !closed;
    }

    /** The addresses that others may reach. */
    private static List<InetAddress> addresses(InetAddress host) throws IOException {
        if (!host.isAnyLocalAddress()) {
            return host.isLoopbackAddress() ? List.of() : List.of(host);
        }
        List<InetAddress> all = new ArrayList<>();
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            if (network.isUp() && !network.isLoopback() && network.supportsMulticast()) {
                network.inetAddresses().filter(Inet4Address.class::isInstance).forEach(all::add);
            }
        }
        return all;
    }

    /** Takes the announcement back. */
    @Override
    public void close() {
        List<JmDNS> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(networks);
        }
        for (JmDNS network : all) {
            try {
                network.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "mDNS: " + e.getMessage());
            }
        }
    }
}
