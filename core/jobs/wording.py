"""What a job tells a person about an error that nobody foresaw."""


def brief(error: Exception) -> str:
    """For a person; the whole of it is in the worker's log."""
    reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    return f"Unexpected {type(error).__name__}: {reason[:300]}"
