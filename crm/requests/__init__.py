"""Customers' requests: accepted once, ordered, handled concurrently, exactly once in effect. Knows no module."""
