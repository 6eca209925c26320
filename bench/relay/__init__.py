"""The relay: that it loses and swaps nothing, how long a change waits for it, and what a bulk update does to others."""
