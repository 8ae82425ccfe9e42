"""An office numbers, signs and issues a report outside the portal; this records it, with the signed PDF."""
