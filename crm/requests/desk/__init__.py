"""Requests that a person answers: whom they are offered, who takes them, what is answered."""
