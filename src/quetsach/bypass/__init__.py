"""Ways around the place that watches: providers of DoH, DoT, DoQ, relays, VPNs and proxies, as data."""
