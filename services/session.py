"""Who is logged in, and what they may do."""

from __future__ import annotations

from core.duty import Act, may
from core.errors import NotPermittedError
from store.people import PersonRow


class Session:
    """The person at the computer; nobody while it is locked."""

    def __init__(self, person: PersonRow | None = None) -> None:
        self._person = person

    @property
    def person(self) -> PersonRow | None:
        """Who is logged in, or None."""
        return self._person

    def enter(self, person: PersonRow) -> None:
        """Log a person in, in place of whoever was."""
        self._person = person

    def leave(self) -> None:
        """Log out: nobody may do anything until somebody logs in."""
        self._person = None

    def may(self, act: Act) -> bool:
        """Whether the person who is logged in may do something."""
        person = self._person
        return person is not None and may(person.duty, act, signs=person.signs)

    def require(self, act: Act) -> PersonRow:
        """Return who is logged in.

        Raises:
            NotPermittedError: nobody is, or they may not do this; the detail names the act.
        """
        if self._person is None or not self.may(act):
            raise NotPermittedError(act)
        return self._person
