"""What comes of a reply, by the rules that live calls follow too: a sample, or one repair round."""

from dataclasses import dataclass, field

from core.attempts.calls import NewSample, Settlement
from core.generation.asking import Task
from core.generation.judging import Judge
from core.providers.base import Reply
from core.text.schema import FieldError


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The sample of a reply; without one, what a repair round must put right."""

    sample: NewSample | None
    errors: list[FieldError] = field(default_factory=list)


def conclude(
    judge: Judge, task: Task, reply: Reply, settlement: Settlement | None = None
) -> Conclusion:
    """Judge one reply. The settlement of the attempt that brought it learns what was wrong."""
    if reply.finish_reason in ("refusal", "content_filter"):
        text = reply.refusal or reply.text
        return Conclusion(judge.failed(task, text, str(reply.finish_reason), []))
    answer = judge.read(reply)
    if not answer.errors:
        return Conclusion(judge.generated(task, answer, reply))
    is_cut = reply.finish_reason == "length"
    kind = "truncated" if is_cut else "schema"
    if settlement is not None:
        settlement.failure_kind = kind
        settlement.failure_message = "; ".join(str(error) for error in answer.errors[:3])
    if is_cut or task.is_repair:
        # A longer answer would be cut at the same place, and one repair round is the rule.
        failure, raw_text = f"{kind}: {answer.errors[0]}", reply.raw_text or reply.text
        return Conclusion(judge.failed(task, raw_text, failure, answer.errors))
    return Conclusion(None, answer.errors)
