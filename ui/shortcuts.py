"""The one table of keys: actions, tooltips and the sheet of shortcuts are made from it."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Key:
    """One act: its keys and the words for it."""

    group: str
    keys: tuple[str, ...]
    words: str

    @property
    def shown(self) -> str:
        """The first key as it is written on buttons."""
        return shown_key(self.keys[0])

    @property
    def translated(self) -> str:
        """The words in the user's language."""
        return QCoreApplication.translate("shortcuts", self.words)


TABLE: dict[str, Key] = {
    "open": Key("Everywhere", ("Ctrl+O",), "Open images"),
    "open_folder": Key("Everywhere", ("Ctrl+Shift+O",), "Open a folder or a stick"),
    "estimate": Key("Everywhere", ("Ctrl+N",), "Estimate without an image"),
    "worklist": Key("Everywhere", ("Alt+1",), "Worklist"),
    "read": Key("Everywhere", ("Alt+2",), "Read"),
    "report": Key("Everywhere", ("Alt+3",), "Report"),
    "models": Key("Everywhere", ("Alt+4",), "Models"),
    "records": Key("Everywhere", ("Alt+5",), "Records"),
    "settings": Key("Everywhere", ("Ctrl+,",), "Settings"),
    "audit": Key("Everywhere", ("Ctrl+Shift+A",), "Audit trail"),
    "theme": Key("Everywhere", ("Ctrl+Shift+L",), "Dark or light"),
    "lock": Key("Everywhere", ("Ctrl+L",), "Lock, or let another log in"),
    "sheet": Key("Everywhere", ("?", "F1"), "Show the keys"),
    "back": Key("Everywhere", ("Esc",), "One step back"),
    "undo": Key("Reading", ("Ctrl+Z",), "Undo"),
    "redo": Key("Reading", ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo"),
    "search": Key("Worklist", ("/", "Ctrl+F"), "Search name, ID, date"),
    "read_next": Key("Worklist", ("Space",), "Read the next study"),
    "read_this": Key("Worklist", ("Return", "Enter"), "Read the chosen study"),
    "nothing_seen": Key("Reading", ("1",), "Nothing seen"),
    "abnormal": Key("Reading", ("2",), "Abnormal"),
    "unsure": Key("Reading", ("3",), "Unsure"),
    "agree": Key("Reading", ("A",), "Agree"),
    "disagree": Key("Reading", ("D",), "Disagree"),
    "edit": Key("Reading", ("E",), "Edit"),
    "note": Key("Reading", ("N",), "Write a note"),
    "signs": Key("Reading", ("Alt+S",), "Write the clinical signs"),
    "own_report": Key("Reading", ("Alt+R",), "Write the report"),
    "retry": Key("Reading", ("T",), "Try the analysis again"),
    "identity": Key("Reading", ("Y",), "Enter who the patient is"),
    "sign": Key("Reading", ("Ctrl+Return", "Ctrl+Enter"), "Sign and report"),
    "previous_case": Key("Reading", ("Ctrl+Up",), "Previous study"),
    "next_case": Key("Reading", ("Ctrl+Down",), "Next study"),
    "map": Key("Image", ("M",), "Map and outline on or off"),
    "map_less": Key("Image", ("[",), "Map fainter"),
    "map_more": Key("Image", ("]",), "Map stronger"),
    "beside": Key("Image", ("B",), "As stored and, beside it, as the model saw it"),
    "tool_window": Key("Image", ("W",), "Window: drag changes contrast and brightness"),
    "tool_zoom": Key("Image", ("Z",), "Zoom: drag or click"),
    "tool_pan": Key("Image", ("H",), "Pan: drag moves the image"),
    "zoom_in": Key("Image", ("+", "="), "Zoom in"),
    "zoom_out": Key("Image", ("-",), "Zoom out"),
    "fit": Key("Image", ("F",), "Fit the image into the view"),
    "one_to_one": Key("Image", ("G",), "One image pixel on one screen pixel"),
    "turn_right": Key("Image", ("R",), "Turn right by 90 degrees"),
    "turn_left": Key("Image", ("Shift+R",), "Turn left by 90 degrees"),
    "invert": Key("Image", ("I",), "Invert grey"),
    "preset": Key("Image", ("P",), "Next window preset"),
    "original": Key("Image", ("0",), "Original view"),
    "frame_next_page": Key("Series", ("PgDown",), "Next image (also the wheel)"),
    "frame_previous_page": Key("Series", ("PgUp",), "Previous image"),
    "frame_next": Key("Series", ("Right", "Down"), "Next, focus on the image"),
    "frame_previous": Key("Series", ("Left", "Up"), "Previous, focus on the image"),
    "frame_first": Key("Series", ("Home",), "First image"),
    "frame_last": Key("Series", ("End",), "Last image"),
    "cine": Key("Series", ("C",), "Play or stop"),
    "export": Key("Report", ("Ctrl+S",), "Export the PDF"),
    "print": Key("Report", ("Ctrl+P",), "Print"),
}

_SHOWN = {"Return": "Enter", "Ctrl+Return": "Ctrl Enter", "PgDown": "Page Down", "PgUp": "Page Up"}


def shown_key(key: str) -> str:
    """Return a key as it stands on a button: ``Ctrl Enter``."""
    return _SHOWN.get(key, key.replace("+", " ").strip() or key)


def make_action(name: str, owner: QWidget, *, children_only: bool = False) -> QAction:
    """Return the table's action on ``owner``: live while it is in sight, or only while it has the focus."""
    key = TABLE[name]
    action = QAction(key.translated, owner)
    action.setObjectName(name)
    action.setShortcuts([QKeySequence(sequence) for sequence in key.keys])
    if children_only:
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.setAutoRepeat(name.startswith(("frame", "map_", "zoom")))
    owner.addAction(action)
    return action


def tooltip(name: str, words: str | None = None) -> str:
    """Return the words of an act with its key."""
    key = TABLE[name]
    return f"{words or key.translated} ({key.shown})"
