"""The circuit breaker, by a clock of the test's own."""

from core.attempts.breaker import FIRST_COOL_DOWN_S, MAX_COOL_DOWN_S, Breaker


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock, streak: int = 3) -> Breaker:
    breaker = Breaker(clock=clock)
    for _ in range(streak):
        breaker.failed(streak)
    return breaker


def test_it_opens_after_a_streak_and_not_before() -> None:
    breaker = Breaker(clock=Clock())
    for _ in range(2):
        breaker.failed(3)
    assert breaker.admits()
    breaker.answered()
    breaker.failed(3)
    breaker.failed(3)
    assert breaker.admits(), "an answer ends the streak"
    breaker.failed(3)
    assert not breaker.admits()
    assert not breaker.is_usable()
    assert breaker.cool_down_s == FIRST_COOL_DOWN_S


def test_after_the_cool_down_one_call_at_a_time_tries() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += FIRST_COOL_DOWN_S
    assert breaker.admits()
    breaker.sent()
    assert not breaker.admits()
    assert breaker.is_usable(), "one call is finding out"
    breaker.answered()
    assert breaker.is_closed
    assert breaker.admits()


def test_a_failed_try_waits_twice_as_long_up_to_a_limit() -> None:
    clock = Clock()
    breaker = opened(clock)
    waits = []
    for _ in range(6):
        waits.append(breaker.cool_down_s)
        clock.now += breaker.cool_down_s
        breaker.sent()
        breaker.failed(3)
    assert waits == [5.0, 10.0, 20.0, 40.0, MAX_COOL_DOWN_S, MAX_COOL_DOWN_S]


def test_calls_still_in_flight_when_it_opened_do_not_prolong_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    for _ in range(50):
        breaker.failed(3)
    assert breaker.cool_down_s == FIRST_COOL_DOWN_S


def test_a_try_that_never_left_frees_its_place() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += FIRST_COOL_DOWN_S
    breaker.sent()
    breaker.not_sent()
    assert breaker.admits()


def test_a_run_that_woke_by_itself_starts_with_one_call_and_goes_on_doubling() -> None:
    clock = Clock()
    breaker = Breaker(last_cool_down_s=10.0, clock=clock)
    assert breaker.admits()
    breaker.sent()
    assert not breaker.admits()
    breaker.failed(100)
    assert breaker.cool_down_s == 20.0
    assert not breaker.is_usable()


def test_a_blocked_model_is_never_asked_again() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    breaker.block()
    clock.now += 10_000
    assert not breaker.admits()
    assert not breaker.is_usable()
    assert not breaker.is_closed
