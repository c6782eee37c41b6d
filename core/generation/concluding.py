"""What comes of a reply, by the rules that live calls follow too: a sample, a repair round, or the
next step."""

from dataclasses import dataclass

from core.attempts.calls import NewSample, Settlement
from core.errors import TemplateError
from core.generation.asking import Asker, Task
from core.generation.judging import Answer, Judge
from core.providers.base import Reply


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The sample of a reply, or what must be asked before there is one."""

    sample: NewSample | None
    follow_up: Task | None = None  # a repair of the same step, or the step after it

    @property
    def is_answered(self) -> bool:
        """The step is done, and another one follows."""
        return self.follow_up is not None and not self.follow_up.is_repair


def conclude(
    judge: Judge, asker: Asker, task: Task, reply: Reply, settlement: Settlement | None = None
) -> Conclusion:
    """Judge one reply. The settlement of the attempt that brought it learns what was wrong."""
    if reply.finish_reason in ("refusal", "content_filter"):
        text = reply.refusal or reply.text
        return Conclusion(judge.failed_in(task, text, str(reply.finish_reason), []))
    answer = judge.read(reply, task.step)
    if not answer.errors:
        return _go_on(judge, asker, task, answer, reply)
    is_cut = reply.finish_reason == "length"
    kind = "truncated" if is_cut else "schema"
    if settlement is not None:
        settlement.failure_kind = kind
        settlement.failure_message = "; ".join(str(error) for error in answer.errors[:3])
    if is_cut or task.is_repair:
        # A longer answer would be cut at the same place, and one repair round is the rule.
        failure, raw_text = f"{kind}: {answer.errors[0]}", reply.raw_text or reply.text
        return Conclusion(judge.failed_in(task, raw_text, failure, answer.errors))
    return Conclusion(None, asker.repair(task, reply.text, answer.errors))


def _go_on(judge: Judge, asker: Asker, task: Task, answer: Answer, reply: Reply) -> Conclusion:
    assert answer.output is not None
    if asker.is_last(task):
        whole = Answer(asker.whole_output(task, answer.output), [])
        return Conclusion(judge.generated(task, whole, reply))
    try:
        return Conclusion(None, asker.next_step(task, answer.output))
    except TemplateError as error:
        # The prompt reads what this answer may lack by its schema.
        return Conclusion(judge.failed_in(task, reply.text, f"prompt: {error}", []))
