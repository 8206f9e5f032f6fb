"""What models say of themselves, put together where several have spoken."""

from core.model_facts import ModelFacts, not_looked_for
from tests.reports import studies

LUNGS = ModelFacts(
    pack_id="chest-lungs",
    version="1.0.0",
    title="Lung outline",
    pack_class="assist",
    not_looked_for=("pneumonia", "effusion", "heart"),
)


def test_what_another_model_answered_on_is_not_said_to_be_not_looked_for() -> None:
    facts = (LUNGS, *studies.facts().values())
    answered = (studies.lungs(), studies.pneumonia("below"))
    assert not_looked_for(facts, answered) == ("effusion", "heart", "fracture")


def test_what_a_model_refused_to_answer_was_not_looked_for() -> None:
    assert "pneumonia" in not_looked_for((LUNGS,), (studies.lungs(), studies.refused()))
