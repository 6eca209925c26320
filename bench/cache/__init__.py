"""The cache: that no read through it is stale whatever becomes of Valkey, and what it saves."""
