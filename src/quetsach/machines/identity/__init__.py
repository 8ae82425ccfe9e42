"""Which machine: devices from claims, bindings and the decisions of people (docs/adr/0034)."""
