"""What a report says, without drawing it."""

import dataclasses
import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdfium2 import PdfDocument

import core.wording
from core.decision import ClinicalSigns, FirstRead
from core.image import StudyHeader
from core.model_facts import FigureUnit
from core.patient import Contradiction, Patient, Sourced
from core.reading_order import reading_order
from core.result import Correction, ErrorRecord, PackResult, QualityCheck, Side
from reports.content import as_copy
from reports.pdf import render_pdf
from reports.records import Picture, ReportContent
from tests.reports import studies

FORBIDDEN = re.compile(
    r"\b(positive|negative|normal|clear|ruled out|benign|no (pneumonia|finding|disease|abnormality))\b",
    re.IGNORECASE,
)


def machine_words(content: ReportContent) -> str:
    blocks = (*content.blocks, *content.demonstration)
    texts = [row.text for block in blocks for row in (*block.rows, *block.small_rows)]
    texts += [f"{f.title} {f.words} {f.further}" for block in blocks for f in block.findings]
    texts += [row.text for block in blocks for f in block.findings for row in f.rows]
    texts += [figure.caption for block in blocks for figure in block.figures]
    texts += [f"{row.label} {row.text}" for row in content.closing_rows]
    return "\n".join(texts)


def row(content: ReportContent, label: str) -> str:
    rows = [
        row
        for block in content.blocks
        for row in (*block.rows, *block.small_rows, *(r for f in block.findings for r in f.rows))
    ]
    return next(item.text for item in (*rows, *content.closing_rows) if item.label == label)


@pytest.mark.parametrize(
    ("position", "sentence"),
    [
        ("above", "Score above the threshold for pneumonia. Needs clinical confirmation."),
        ("undecided", "Undecided. Treat as not answered."),
        (
            "below",
            "Score below the threshold. This does not exclude pneumonia; nothing else was looked for.",
        ),
    ],
)
def test_says_each_position_in_the_reviewed_words_and_that_clinical_signs_decide(
    position: str, sentence: str
) -> None:
    content = studies.report(studies.result(studies.pneumonia(position)))  # type: ignore[arg-type]
    block = content.blocks[0].findings[0]
    assert f"{block.words} {block.further}" == f"{sentence} Clinical signs decide."


def test_keeps_an_abbreviation_in_capitals_inside_a_sentence() -> None:
    tb = studies.pneumonia(findings=(studies.finding("below", code="tb", label="TB"),), heatmaps=())
    assert "exclude TB;" in machine_words(studies.report(studies.result(tb)))


@pytest.mark.parametrize("position", ["above", "undecided", "below"])
@pytest.mark.parametrize("signed", [True, False])
def test_the_machine_never_says_a_forbidden_word(position: str, signed: bool) -> None:
    packs = (studies.lungs(), studies.pneumonia(position), studies.refused(), studies.demonstration())  # type: ignore[arg-type]
    content = studies.report(
        studies.result(*packs), reading=studies.reading(), signature=studies.SIGNATURE if signed else None
    )
    assert FORBIDDEN.findall(machine_words(content)) == []


def test_a_score_has_no_percent_sign() -> None:
    content = studies.report()
    line = content.blocks[0].findings[0].line
    assert line is not None
    assert (line.score_label, line.threshold_label) == ("score 91", "threshold 41")
    assert "%" not in machine_words(content).replace("95 % sensitivity", "")


def test_a_score_just_beside_its_threshold_is_written_so_that_they_differ() -> None:
    close = dataclasses.replace(studies.finding(), probability=0.4096, threshold=0.41)
    line = studies.report(studies.result(studies.pneumonia(findings=(close,)))).blocks[0].findings[0].line
    assert line is not None
    assert line.score_label.split()[1] != line.threshold_label.split()[1]


def test_an_unsigned_report_leaves_the_conclusion_to_be_written_even_when_one_was_typed() -> None:
    content = studies.report(signature=None)
    conclusion = next(section for section in content.sections if section.title == "Conclusion")
    assert conclusion.text == ""
    assert conclusion.ruled > 0
    assert "UNSIGNED: computer output, not read by a clinician" in content.banners


def test_a_signed_report_carries_reader_role_number_and_time() -> None:
    signature = studies.report().signature
    assert all(part in signature.name for part in ("N. Otieno", "clinical officer", "11872"))
    assert "10:21" in signature.below


def test_a_doubted_clock_is_said_at_the_signature() -> None:
    doubted = dataclasses.replace(studies.SIGNATURE, clock_doubted=True)
    assert "clock" in studies.report(signature=doubted).signature.below


def test_first_impression_and_agreement_stand_beside_the_finding() -> None:
    assert row(studies.report(), "Clinician") == (
        "first impression: abnormal (before the result was shown) · agrees"
    )


def test_a_first_impression_given_with_the_result_in_sight_says_so() -> None:
    seen = FirstRead(impression="abnormal", at=studies.NOW, result_seen=True)
    content = studies.report(reading=studies.reading(first_read=seen))
    assert row(content, "Clinician") == "first impression: abnormal (the result had been in sight) · agrees"


def test_without_a_first_impression_none_is_invented() -> None:
    content = studies.report(reading=studies.reading(first_read=None, decisions=()), signature=None)
    assert row(content, "Clinician") == "first impression: not given · no answer given to this result"


def test_a_refusal_is_printed_with_its_reason_and_advice() -> None:
    words = machine_words(studies.report(studies.result(studies.refused())))
    assert "Not answered. The patient is 9 years old" in words
    assert "Read this image without the model." in words


def test_an_error_is_printed_with_its_code() -> None:
    error = ErrorRecord(code="E104", message="The file is damaged.")
    content = studies.report(studies.result(errors=(error,)), signature=None)
    block = content.blocks[0].findings[0]
    assert [(item.label, item.text) for item in block.rows] == [("Error E104", "The file is damaged.")]


def test_a_demonstration_pack_has_pages_of_its_own_and_none_in_a_signed_report() -> None:
    both = studies.result(studies.pneumonia(), studies.demonstration())
    signed, unsigned = studies.report(both), studies.report(both, signature=None)
    assert signed.demonstration == ()
    assert "malignant" not in machine_words(signed).lower()
    assert len(unsigned.demonstration) == 1
    assert [block for block in unsigned.blocks if "alignant" in str(block.findings)] == []


def test_skipped_gates_are_marked_on_every_page_and_beside_the_answer() -> None:
    content = studies.report(studies.result(studies.pneumonia(gates_skipped=True)))
    assert any("CHECKS SWITCHED OFF" in banner for banner in content.banners)
    assert "CHECKS SWITCHED OFF" in content.blocks[0].warning


def test_each_value_of_the_patient_names_its_source_and_what_contradicts() -> None:
    other = Contradiction(
        field="name", used="Amina", used_source="typed", other="OTHER", other_source="header"
    )
    name, identity, *_ = studies.report(
        studies.result(studies.pneumonia(), of=studies.patient(contradictions=(other,)))
    ).fields
    assert (name.source, identity.source) == ("image header", "typed")
    assert "OTHER" in name.warning
    assert "image header" in name.warning


def test_a_contradiction_in_a_field_without_a_place_is_still_shown() -> None:
    other = Contradiction(field="smoker", used="no", used_source="typed", other="yes", other_source="file")
    fields = studies.report(studies.result(of=studies.patient(contradictions=(other,)))).fields
    assert "The patient file gives another smoker" in fields[2].warning


@pytest.mark.parametrize(
    ("field", "other", "shown"),
    [
        ("age_years", "3.0", "another age: 3 years"),
        ("age_years", "old", "another age: old"),
        ("sex", "M", "another sex: Male"),
        ("birth_date", "2023-01-14", "another birth date: 14 Jan 2023"),
        ("weight_kg", "14.5", "another weight: 14.5 kg"),
    ],
)
def test_a_contradicting_value_is_printed_as_the_patient_block_prints_it(
    field: str, other: str, shown: str
) -> None:
    said = Contradiction(field=field, used="x", used_source="typed", other=other, other_source="header")
    fields = studies.report(studies.result(of=studies.patient(contradictions=(said,)))).fields
    assert shown in re.sub("[\u2068\u2069]", "", fields[2].warning).replace("\u00a0", " ")


def test_of_a_contradicted_pregnancy_the_patient_block_says_what_is_used() -> None:
    said = Contradiction(field="pregnancy", used="yes", used_source="header", other="no", other_source="file")
    fields = studies.report(studies.result(of=studies.patient(contradictions=(said,)))).fields
    assert fields[2].warning == "Pregnancy: “yes” (image header) is used; the patient file says “no”"


def test_an_age_that_a_model_never_learned_from_stands_first_after_its_position() -> None:
    text = "The patient is 80 years old. This model was trained on patients of 25 to 75 years."
    told = QualityCheck(name="Age", outcome="note", text=text, gate="age")
    scored = dataclasses.replace(studies.pneumonia(), quality=(told,))
    (block,) = studies.report(studies.result(scored)).blocks
    assert block.findings[0].further.startswith(text)


def test_nothing_is_said_twice_of_one_image() -> None:
    note = QualityCheck(name="view", outcome="note", text="The file names no view.")
    put_right = Correction(inverted=True, text="It was inverted before the model looked.")
    turned = QualityCheck(name="sense", outcome="note", text=put_right.text)
    lungs = dataclasses.replace(studies.lungs(), quality=(note, turned), correction=put_right)
    child = studies.pneumonia(quality=(note, turned), correction=put_right)
    words = machine_words(studies.report(studies.result(lungs, child)))
    assert words.count("names no view") == 1
    assert words.count("inverted before") == 1
    alone = machine_words(studies.report(studies.result(lungs)))
    assert alone.count("names no view") == 1
    assert "inverted before" in alone


def test_a_refusal_says_its_reason_once_and_no_figures_of_the_models_test() -> None:
    refused = studies.refused()
    assert refused.refusal is not None
    check = QualityCheck(name="age", outcome="refused", text=refused.refusal.reason)
    content = studies.report(studies.result(dataclasses.replace(refused, quality=(check,))))
    assert machine_words(content).count("is 9 years old") == 1
    (block,) = content.blocks
    assert [item.label for item in (*block.rows, *block.small_rows)] == ["Model"]


def test_answers_come_first_then_outlines_and_refusals_and_last_what_is_for_others() -> None:
    ageless = studies.refused()
    assert ageless.refusal is not None
    assert ageless.refusal.gate == "age"
    for_others = dataclasses.replace(
        ageless, refusal=dataclasses.replace(ageless.refusal, case="outside", reason="Too old.")
    )
    under_exposed = dataclasses.replace(
        ageless, refusal=dataclasses.replace(ageless.refusal, gate="exposure")
    )
    assert reading_order(ageless) == reading_order(under_exposed), (
        "an age that is not known is asked for first"
    )
    silent = dataclasses.replace(for_others, status="not_applicable", refusal=None)
    answered = dataclasses.replace(for_others, status="ok", refusal=None, findings=(studies.finding(),))
    outlined = dataclasses.replace(for_others, status="ok", refusal=None)
    mixed = [silent, for_others, outlined, under_exposed, answered]
    wanted = [answered, outlined, under_exposed, for_others, silent]
    assert sorted(mixed, key=reading_order) == wanted


def test_a_file_name_is_never_the_patient() -> None:
    content = studies.report(studies.result(of=Patient()), signature=None)
    assert "SAMPLE-file" not in str(content.fields) + content.patient_line
    assert "(a file name is not an identity)" in row(content, "Source file")
    assert content.fields[0].value == "not given"


@pytest.mark.parametrize(
    ("years", "words"), [(0.5, "6 months"), (1.0, "12 months"), (1.99, "23 months"), (3.0, "3 years")]
)
def test_an_age_below_two_years_is_given_in_months(years: float, words: str) -> None:
    young = studies.patient(age_years=Sourced(value=years, source="typed"))
    assert words in studies.report(studies.result(of=young)).fields[2].value


def test_what_is_not_known_of_the_patient_is_said_and_does_not_vanish() -> None:
    def sex_and_age(**changes: Any) -> str:
        value = studies.report(studies.result(of=studies.patient(**changes))).fields[2].value
        return re.sub("[\u2068\u2069]", "", value)

    assert sex_and_age(sex=None) == "sex not recorded · 3 years"
    assert sex_and_age(age_years=None) == "Female · age not recorded"
    assert sex_and_age(sex=None, age_years=None) == "sex not recorded · age not recorded"
    born = Sourced(value="2023-01-14", source="header")
    assert sex_and_age(age_years=None, birth_date=born) == "Female · born\u00a014\u00a0Jan\u00a02023"


def test_signs_name_what_they_count_and_which_of_them_were_not_recorded() -> None:
    def signs(**recorded: Any) -> str:
        reading = studies.reading(signs=ClinicalSigns(**recorded))
        value = studies.report(reading=reading).fields[5].value
        return re.sub("[\u2068\u2069]", "", value).replace("\u00a0", " ")

    assert signs() == "not recorded"
    assert signs(respiratory_rate_per_min=52, oxygen_saturation_percent=91) == (
        "52 breaths/min · SpO₂ 91 % · danger signs not recorded"
    )
    assert signs(danger_signs="none") == "breaths not recorded · SpO₂ not recorded · danger signs: none"


def test_pictures_stand_before_all_words_even_where_there_is_no_map() -> None:
    below = studies.report(studies.result(studies.lungs(), studies.pneumonia("below")))
    assert [len(block.figures) for block in below.blocks] == [2, 0]
    assert below.blocks[0].findings[0].title.startswith("Pneumonia")
    assert below.blocks[0].figures[1].caption == "Outline found by the model"


def test_the_mix_that_the_score_is_set_to_is_not_taken_for_that_of_the_training_images() -> None:
    words = row(studies.report(), "Score set to")
    assert words.startswith("a mix of patients of whom 74 of 100 had it, whatever the share in the training")
    assert words.endswith("where fewer or more have it, the same score means something else")


def test_figures_of_data_without_patients_name_what_was_counted_and_so_does_the_mix() -> None:
    known = studies.facts()["chest-pneumonia-child"]
    counted_as: tuple[tuple[FigureUnit, str], ...] = (
        ("patients", "124 patients"),
        ("near_duplicates", "124 groups of near-duplicates"),
        ("source_tiles", "124 source tiles"),
    )
    for unit, counted in counted_as:
        figure = dataclasses.replace(known.figures[0], patients=124, unit=unit)
        content = studies.report(
            facts={"chest-pneumonia-child": dataclasses.replace(known, figures=(figure,))}
        )
        assert row(content, "Test figures").startswith(f"test images ({counted}, 618 images): ")
        mix = (
            "patients of whom 74 of 100 had it"
            if unit == "patients"
            else "images of which 74 of 100 showed it"
        )
        assert row(content, "Score set to").startswith(f"a mix of {mix}, whatever")


def test_figures_of_several_populations_stand_on_lines_of_their_own() -> None:
    known = studies.facts()["chest-pneumonia-child"]
    two = (*known.figures, dataclasses.replace(known.figures[0], population="another hospital"))
    several = {"chest-pneumonia-child": dataclasses.replace(known, figures=two)}
    assert row(studies.report(facts=several), "Test figures").split("\n") == [
        "– test images (618 images): AUC 0.988 (0.98 to 0.994)",
        "– another hospital (618 images): AUC 0.988 (0.98 to 0.994)",
    ]


def test_the_side_is_not_verified_unless_the_header_gives_it() -> None:
    known = studies.result(studies.lungs(), studies.pneumonia(), side="verified")
    unverified, verified = studies.report(), studies.report(known)
    assert "side not verified" in unverified.blocks[0].figures[0].caption
    assert "side not verified" not in verified.blocks[0].figures[0].caption
    assert row(verified, "Side") == "from the image header"


@pytest.mark.parametrize("side", ["unverified", "contradicted"])
def test_no_organ_is_called_left_or_right_unless_the_side_is_verified(side: Side) -> None:
    known = studies.result(studies.lungs(), studies.pneumonia(), side="verified")
    assert "Outlined: left lung, right lung." in machine_words(studies.report(known))
    said = machine_words(studies.report(dataclasses.replace(known, side=side)))
    assert "Outlined: both lung fields; side not verified." in said
    assert "left lung" not in said.casefold()
    assert row(studies.report(dataclasses.replace(known, side=side)), "Side").startswith("not verified")


def test_the_caption_of_a_map_says_what_it_is_not() -> None:
    captions = [figure.caption for figure in studies.report().blocks[0].figures]
    assert captions[1] == "Where the model looked, not where disease is; line: outline"
    without_outline = studies.report(studies.result(studies.pneumonia())).blocks[0].figures
    assert without_outline[1].caption == "Where the model looked, not where disease is"


def test_below_the_threshold_there_is_no_map_and_it_is_said() -> None:
    content = studies.report(studies.result(studies.pneumonia("below")))
    assert content.blocks[0].figures == ()
    assert "No map is shown" in row(content, "Map")


def test_a_turned_picture_stands_between_the_original_and_the_map() -> None:
    figures = studies.report(studies.result(studies.turned())).blocks[0].figures
    assert [figure.picture.pixels.shape[0] < figure.picture.pixels.shape[1] for figure in figures] == [
        True,
        False,
        False,
    ]
    assert "counter-clockwise" in figures[1].caption


def test_each_answer_names_model_version_and_whole_hash() -> None:
    text = row(studies.report(), "Model")
    assert all(part in text for part in ("chest-pneumonia-child 1.0.0", "0123456789abcdef" * 4, "OpenVINO"))


def test_the_identity_of_a_report_depends_on_what_it_says_and_not_on_being_a_copy() -> None:
    report, again = studies.report(), studies.report()
    copied = as_copy(report, number=1, made_at=studies.NOW, paper="A4", original_on="A4")
    other = studies.report(reading=studies.reading(conclusion="Something else."))
    assert report.report_id == again.report_id == copied.report_id
    assert report.report_id != other.report_id
    assert copied.copy_mark == "COPY 1 · made 14 Mar 2026 10:21 on A4".replace("4 M", "4\u00a0M").replace(
        "r 2", "r\u00a02"
    )


def test_what_others_wrote_loses_control_and_direction_characters() -> None:
    hostile = "AB\x00C\u202eevil\u2066\x1b[31m\ud800"
    fields = studies.report(studies.result(of=studies.patient(name=hostile))).fields
    assert fields[0].value == "ABCevil[31m\ufffd"


def test_no_sentence_of_the_table_has_a_forbidden_word() -> None:
    path = Path(core.wording.__file__).with_name("wording") / "en" / "reports.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    sentences = itertools.chain.from_iterable(section.values() for section in table.values())
    assert [sentence for sentence in sentences if FORBIDDEN.search(sentence)] == []


def test_what_the_signer_answered_stands_on_page_1_after_their_words() -> None:
    silent = studies.reading(words=" ", decisions=())
    assert studies.report(reading=silent).sections[0].text == "First impression: abnormal."
    answered = studies.report(reading=studies.reading(words="")).sections[0].text
    assert answered == (
        "First impression: abnormal. Agrees with the computer's result on pneumonia: above the threshold."
    )
    own = studies.report(reading=studies.reading()).sections[0].text
    assert own == f"Patchy opacity in one lower zone.\n{answered}"
    unsigned = studies.report(reading=silent, signature=None).sections[0].text
    assert "impression" not in unsigned


def test_the_report_says_why_there_is_no_map() -> None:
    below = studies.report(studies.result(studies.pneumonia("below")))
    assert row(below, "Map") == "No map is shown: the score is not above the threshold."
    undecided = studies.report(studies.result(studies.pneumonia("undecided")))
    assert row(undecided, "Map").startswith("No map is shown: the score is undecided")
    unfit = studies.report(studies.result(studies.pneumonia("above", heatmaps=())))
    assert row(unfit, "Map") == "No map is shown: its measured quality does not allow it."


def test_packs_without_facts_are_still_printed() -> None:
    content = studies.report(facts={})
    assert any("facts are not at hand" in item.text for block in content.blocks for item in block.rows)


def test_an_unknown_examination_is_said_to_be_unknown() -> None:
    content = studies.report(header=StudyHeader())
    assert content.title == "Imaging report"
    assert content.fields[3].value == "image, kind not recorded, date not recorded"


def test_a_pack_that_is_not_for_the_image_says_so() -> None:
    other: PackResult = studies.pneumonia(status="not_applicable", findings=(), heatmaps=())
    assert "This model is not for this image." in machine_words(studies.report(studies.result(other)))


def test_no_row_says_that_nobody_looked_for_what_is_answered_on_the_same_page() -> None:
    child = studies.facts()["chest-pneumonia-child"]
    outline = dataclasses.replace(child, pack_id="chest-lungs", not_looked_for=("pneumonia", "heart"))
    content = studies.report(facts={"chest-pneumonia-child": child, "chest-lungs": outline})
    texts = [
        row.text
        for block in content.blocks
        for row in (*block.rows, *block.small_rows)
        if row.label == "Not looked for"
    ]
    assert sorted(texts) == ["effusion; fracture", "heart"]


def test_own_words_and_notes_beside_a_finding_stand_on_page_1_whatever_else_was_written() -> None:
    agreed = studies.reading().decisions[0]
    edited = dataclasses.replace(agreed, answer="edited", words="Old scar.", note="Seen in 2024 too.")
    instead = "Instead of the computer's result on pneumonia (above the threshold): Old scar."
    beside = f"{instead} Note on pneumonia: Seen in 2024 too."
    silent = studies.report(reading=studies.reading(words="", conclusion="", decisions=(edited,)))
    assert silent.sections[0].text == f"First impression: abnormal. {beside}"
    assert silent.sections[1].text == "Nothing was recorded here."
    written = studies.report(reading=studies.reading(decisions=(edited,)))
    assert written.sections[0].text.endswith(f"lower zone.\nFirst impression: abnormal. {beside}")


def test_a_section_that_nobody_wrote_is_told_in_one_wording() -> None:
    silent = studies.report(reading=studies.reading(words="", conclusion="", advice="", referral=""))
    assert {section.text for section in silent.sections[1:]} == {"Nothing was recorded here."}
    assert not any(section.strong for section in silent.sections[1:])


def test_checks_are_counted_on_paper_as_the_window_counts_them() -> None:
    def good(*names: str) -> tuple[QualityCheck, ...]:
        return tuple(QualityCheck(name=name, outcome="good", text=f"{name} good.") for name in names)

    lungs = dataclasses.replace(studies.lungs(), quality=good("view", "size"))
    result = studies.result(lungs, studies.pneumonia(quality=good("view", "age")))
    assert result.good_checks == ("view good.", "size good.", "age good.")
    assert "3 checks of image and outline" in row(studies.report(result), "Outline")


def test_pictures_that_nobody_signed_for_are_as_stored_and_not_as_read() -> None:
    picture = Picture(pixels=np.zeros((8, 8), np.uint8))
    pictures = {"key": picture, "chest-pneumonia-child/pneumonia": picture}
    for signature, caption in ((None, "s stored"), (studies.SIGNATURE, "s read")):
        content = studies.report(signature=signature, pictures=pictures)
        captions = [figure.caption for block in content.blocks for figure in block.figures]
        assert content.key_figure is not None
        assert caption in content.key_figure.caption
        assert caption in captions[0]


def test_a_score_beside_a_finding_is_one_line_under_it_and_nowhere_else() -> None:
    own = dataclasses.replace(
        studies.finding("below", code="other", label="Other lesions"), beside="pneumonia", threshold=0.049
    )
    alone, more = studies.pneumonia(), studies.pneumonia(beside=(own,))
    plain, told = studies.report(studies.result(alone)), studies.report(studies.result(more))
    assert row(told, "Beside it") == "This image's score for other lesions: 5 (2 to 11)."
    lines = set(machine_words(told).splitlines()) - set(machine_words(plain).splitlines())
    said = {line for line in lines if not line.startswith("Report ")}  # its hash
    assert said == {"This image's score for other lesions: 5 (2 to 11)."}
    assert told.sections == plain.sections


def test_a_signed_report_beside_which_only_a_demonstration_spoke_has_one_page_that_says_so() -> None:
    content = studies.report(studies.result(studies.demonstration()))
    assert not content.has_machine_part
    assert "shown for teaching; it is not part of this report" in content.see_assistance
    document = PdfDocument(render_pdf(content))
    assert len(document) == 1
    printed = document[0].get_textpage().get_text_range()
    assert "cd" * 8 in printed, "where the picture came from stands on the page that there is"
    assert len(PdfDocument(render_pdf(studies.report()))) == 2


def test_a_side_is_told_only_where_there_are_sides() -> None:
    cells = dataclasses.replace(studies.pneumonia(), stamp=studies.stamp("malaria-cell"))
    seen = studies.result(cells)
    smear = dataclasses.replace(seen, source=dataclasses.replace(seen.source, modality=None))
    (known, *_) = studies.facts().values()
    microscope = dataclasses.replace(known, pack_id="malaria-cell", modalities=("GM", "SM", "XC"))
    content = studies.report(smear, facts={"malaria-cell": microscope})
    assert content.key_figure is not None
    assert "side" not in content.key_figure.caption
    assert "Side" not in [item.label for item in content.closing_rows]
    assert "Side" in [item.label for item in studies.report().closing_rows]


def test_a_demonstration_that_refused_was_not_shown_for_teaching() -> None:
    silent = dataclasses.replace(studies.refused(), stamp=studies.stamp("biopsy-colon", "demonstration"))
    content = studies.report(studies.result(silent))
    assert "shown for teaching" not in content.see_assistance
