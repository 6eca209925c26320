"""What can be said for certain when sending has failed."""


class NotSent(Exception):
    """It has certainly not been taken; `is_final` when trying again would not help."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final
