"""What a batch's figures mean, as sentences: time left, what holds it back, what will stop it."""

from app.widgets.formats import duration, plural, share, short_id, size, words
from core.generation.progress import Progress


def time_left(now: Progress) -> str:
    """About 2 min 10 s left (1 min 50 s to 2 min 40 s); "" where nothing can be said."""
    if now.mode == "batch_api":
        return "the provider answers within 24 hours"
    if now.is_estimating:
        return "estimating the time left"
    if now.eta_s is None:
        return ""
    if now.eta_low_s is None:
        return f"about {duration(now.eta_s)} left"
    upper = "or more" if now.eta_high_s is None else f"to {duration(now.eta_high_s)}"
    return f"about {duration(now.eta_s)} left ({duration(now.eta_low_s)} {upper})"


def wake_note(now: Progress) -> str:
    """That nobody needs to resume it; "" where somebody does."""
    if now.wake_after_s is None:
        return ""
    every = duration(now.wake_after_s)
    if now.state == "running":
        return f"Looks again by itself every {every}."
    return f"Tries again by itself every {every}."


def calls_note(now: Progress) -> str:
    """How many calls may be in flight and why; "" before the run has said."""
    if not now.concurrency_limit:
        return ""
    reason = f": {now.concurrency_reason.replace('_', ' ')}" if now.concurrency_reason else ""
    return f"At most {plural(now.concurrency_limit, 'call')} in flight{reason}."


def machine_note(now: Progress) -> str:
    """What the worker and its machine use; "" where none is at it."""
    found = now.machine
    if found is None:
        return ""
    return (
        f"Worker {short_id(found.worker_id)}: {share(found.cpu_percent / 100, 0)} of a core, "
        f"{size(found.rss_bytes)} of memory. Its machine {machine_name(found.host)}: "
        f"{share(found.host_cpu_percent / 100, 0)} of the CPU, "
        f"{share(found.host_memory_percent / 100, 0)} of the memory, "
        f"{size(found.disk_free_bytes)} of disk free."
    )


def machine_name(host: str) -> str:
    """The host's name without what tells containers of one host apart."""
    return host.partition("/")[0]


def budget_note(now: Progress) -> str | None:
    """That a budget will not reach, and where it ends; None where all reach, or one has ended."""
    if now.stops_at is None or now.pause_reason == "budget":
        return None
    scope = words(now.stopping_budget or "").lower()
    return (
        f"The {scope} budget will stop it at about {now.stops_at:,} of {now.planned:,} samples. "
        "Raise the budget to finish."
    )
