"""Small letters as PostgreSQL makes them, for what is compared with what it holds."""


def small(text: str) -> str:
    """Each letter by itself: Python's own makes another Σ of one that ends a word, and two characters of İ."""
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)
