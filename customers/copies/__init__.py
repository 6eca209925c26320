"""Copies of all that is held about one customer, made when the customer asks for it."""
