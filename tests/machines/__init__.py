"""Which machine: devices from keys, claims, bindings and decisions (spec: the decisions of docs/adr/0034)."""
