"""Which of a batch's questions were answered and paid for before, in this batch or another.

A question is known by its request key. A sample of several steps is asked again from its first
step when a run takes it up, so what is looked for goes further: an answer may have come from the
second model, and one of an earlier retry round counts where it led on to the next step. It stores
and asks nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.asking import Asker, Task
from core.generation.concluding import Conclusion, conclude
from core.generation.judging import Judge
from core.generation.reuse import KnownAnswer, find_answers
from core.generation.routes import Endpoint, prepare_for
from core.providers.base import Reply


class Recall:
    """Finds known answers to the tasks of one batch; safe to call from a thread."""

    def __init__(
        self,
        workspace: Workspace,
        batch: Batch,
        judge: Judge,
        asker: Asker,
        endpoints: Sequence[Endpoint],
    ) -> None:
        self._workspace, self._batch = workspace, batch
        self._judge, self._asker = judge, asker
        self._endpoints = endpoints

    def find(self, tasks: Sequence[Task]) -> dict[int, KnownAnswer]:
        """Known answers by plan index. The tasks are prepared for the first endpoint, and each is
        of another sample."""
        found = find_answers(self._workspace, [task.request_key for task in tasks])
        known = {t.plan_index: found[t.request_key] for t in tasks if t.request_key in found}
        if len(self._asker.steps) > 1:
            self._look_further(tasks, known)
        return known

    def conclude(self, task: Task, answer: KnownAnswer) -> Conclusion:
        """What comes of a known answer."""
        task.attempt_id = answer.attempt_id or None
        reply = Reply(answer.text, None, "stop", self._batch.model)
        return conclude(self._judge, self._asker, task, reply)

    def _look_further(self, tasks: Sequence[Task], known: dict[int, KnownAnswer]) -> None:
        for endpoint in self._endpoints[1:]:
            asked = [self._as_asked(t, endpoint) for t in tasks if t.plan_index not in known]
            known |= {task.plan_index: answer for task, answer in self._answered(asked)}
        for retry_round in reversed(range(self._batch.retry_round)):
            for endpoint in self._endpoints:
                # What ended the sample must be asked anew: its last step, or an answer of no use.
                asked = [
                    self._as_asked(self._asker.in_round(t, retry_round), endpoint)
                    for t in tasks
                    if not (t.plan_index in known or t.is_repair or self._asker.is_last(t))
                ]
                known |= self._usable(asked)

    def _usable(self, tasks: Sequence[Task]) -> dict[int, KnownAnswer]:
        """The answers that led on to the next step, by themselves or once they were repaired."""
        usable: dict[int, KnownAnswer] = {}
        repairs: list[Task] = []
        for task, answer in self._answered(tasks):
            concluded = self.conclude(task, answer)
            if concluded.is_answered:
                usable[task.plan_index] = answer
            elif concluded.follow_up is not None:
                repairs.append(concluded.follow_up)
        for endpoint in self._endpoints if repairs else ():
            asked = [self._as_asked(task, endpoint) for task in repairs]
            for task, answer in self._answered(asked):
                if self.conclude(task, answer).is_answered:
                    usable[task.plan_index] = answer
        return usable

    def _as_asked(self, task: Task, endpoint: Endpoint) -> Task:
        copy = replace(task)
        prepare_for(copy, endpoint.provider, endpoint.target)
        return copy

    def _answered(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, KnownAnswer]]:
        found = find_answers(self._workspace, [task.request_key for task in tasks]) if tasks else {}
        for task in tasks:
            if task.request_key in found:
                yield task, found[task.request_key]
