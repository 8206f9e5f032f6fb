"""What counts as typing, by the clock."""

from ui.typing_guard import BURST_S, QUIET_S, TypingGuard


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def struck(*keys: tuple[str, float]) -> list[bool]:
    """Return for each key whether it was taken for typing; with each stands the pause before it."""
    clock = Clock()
    guard = TypingGuard(clock)
    said = []
    for key, pause in keys:
        clock.now += pause
        said.append(guard.strike(key, answers=key in "ade123"))
    return said


def test_single_keys_are_not_typing() -> None:
    assert struck(("d", 0), ("a", BURST_S + 0.1), ("r", BURST_S + 0.1)) == [False, False, False]


def test_letters_at_once_are_typing_until_it_is_quiet() -> None:
    said = struck(("d", 0), ("e", 0.1), ("n", 0.1), ("s", 0.5), ("e", QUIET_S + 0.1))
    assert said == [False, True, True, True, False]


def test_numbers_at_once_are_typing() -> None:
    assert struck(("2", 0), ("0", 0.1), ("1", 0.1), ("1", 0.1)) == [False, True, True, True]
    assert struck(("1", 0), ("1", 0.1)) == [False, True]


def test_an_impression_and_an_answer_may_come_quickly() -> None:
    assert struck(("2", 0), ("a", 0.05)) == [False, False]


def test_a_digit_and_a_letter_that_answers_nothing_are_typing() -> None:
    assert struck(("3", 0), ("r", 0.1)) == [False, True]
    assert struck(("2", 0), ("d", 0.1), (" ", 0.1)) == [False, False, True]
    assert struck(("2", 0), ("r", BURST_S + 0.1)) == [False, False]


def test_a_number_goes_on_behind_a_sign() -> None:
    assert struck(("3", 0), (".", 0.1), ("5", 0.1)) == [False, False, True]
    assert struck(("3", 0), ("+", 0.1), ("r", BURST_S + 0.1)) == [False, False, False]


def test_a_second_tap_is_one_of_the_same_moment() -> None:
    clock = Clock()
    guard = TypingGuard(clock)
    assert not guard.strike("1", answers=True)
    clock.now += 0.15
    assert guard.is_second_tap("1")
    clock.now += 0.15
    assert guard.strike("t")


def test_a_view_key_may_be_pressed_again_quickly() -> None:
    assert struck(("+", 0), ("+", 0.1), ("+", 0.1)) == [False, False, False]


def test_signs_are_typing_only_in_the_midst_of_words() -> None:
    assert struck(("r", 0), ("+", 0.1), ("i", 0.1)) == [False, False, False]
    assert struck(("r", 0), ("i", 0.1), ("?", 0.1)) == [False, True, True]


def test_the_space_between_two_words_is_typing() -> None:
    assert struck(("a", 0), (" ", 0.1)) == [False, True]


def test_a_key_that_was_meant_ends_the_words_before_it() -> None:
    clock = Clock()
    guard = TypingGuard(clock)
    assert [guard.strike(key) for key in "ri"] == [False, True]
    guard.break_off()
    assert not guard.strike("r")
