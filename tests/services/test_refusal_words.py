"""Refusals in a few words: every gate has its own, and no two reasons share one."""

import tomllib
from pathlib import Path

import pytest

from core.result import Refusal
from core.wording import say
from inference.quality import GATE_MEASURES
from services.refusal_words import short_refusal

TABLE = Path("core/wording/en")
MEASURED = [
    (gate, measure, case)
    for gate, measures in GATE_MEASURES.items()
    for measure in measures
    for case in ("low", "high")
]


@pytest.mark.parametrize(("gate", "measure", "case"), MEASURED)
def test_every_measured_refusal_is_named_for_what_was_measured(gate: str, measure: str, case: str) -> None:
    refusal = Refusal(gate=gate, reason=say(f"inference.{measure}.{case}"), advice="")
    assert short_refusal(refusal) == say(f"ui.refused.{measure}_{case}")


@pytest.mark.parametrize(
    ("gate", "reason", "short"),
    [
        ("age", say("inference.age.unknown", range="1 to 5 years"), "Enter the age"),
        ("age", say("inference.age.outside", range="1 to 5", age="7 years"), "Age outside the model's range"),
        ("sense", say("inference.sense.inverted"), "Greys inverted"),
        ("sense", say("inference.sense.unsure"), "Which way up is unsure"),
        ("view", say("inference.view.other", value="LL", wanted="PA"), "Header names another view"),
        ("upstream", "Whatever it says.", "Nothing outlined to look inside"),
        ("failed", "It could not be run.", "Model failed: try again"),
        ("of a pack to come", "It says this.", "Not answered"),
    ],
)
def test_other_refusals_have_their_words_too(gate: str, reason: str, short: str) -> None:
    assert short_refusal(Refusal(gate=gate, reason=reason, advice="")) == short


def test_short_refusals_are_short_and_those_of_one_kind_differ() -> None:
    words = tomllib.loads((TABLE / "ui.toml").read_text(encoding="utf-8"))["refused"]
    assert [text for text in words.values() if len(text) > 32] == []
    doubled = [text for text in words.values() if list(words.values()).count(text) > 1]
    assert set(doubled) <= {"Outline unusually sure"}


def test_a_model_for_other_images_is_not_what_is_said_where_demonstrations_answered() -> None:
    other = Refusal(gate="familiarity", reason=say("inference.familiarity.other"), advice="")
    assert short_refusal(other) == say("ui.refused.familiarity_other")
    assert short_refusal(other, answered=True) == say("ui.refused.answered")
    dark = Refusal(gate="exposure", reason="Too dark.", advice="")
    assert short_refusal(dark, answered=True) == short_refusal(dark)
