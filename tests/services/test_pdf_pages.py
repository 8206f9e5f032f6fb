"""Pages of a PDF as pictures: the right number, the right size, ink where it was drawn."""

from fpdf import FPDF

from services.pdf_pages import page_count, page_picture


def two_pages() -> bytes:
    """Return a PDF of two A4 pages, a black square on the second."""
    made = FPDF(format="A4")
    made.add_page()
    made.add_page()
    made.set_fill_color(0, 0, 0)
    made.rect(0, 0, 50, 50, style="F")
    return bytes(made.output())


def test_pages_are_counted() -> None:
    assert page_count(two_pages()) == 2


def test_a_page_has_its_size_and_its_ink() -> None:
    pixels = page_picture(two_pages(), 1, 72.0)
    assert pixels.shape[2] == 3
    assert abs(pixels.shape[0] - 842) <= 1
    assert abs(pixels.shape[1] - 595) <= 1
    assert pixels[20, 20].tolist() == [0, 0, 0]
    assert pixels[800, 500].tolist() == [255, 255, 255]
