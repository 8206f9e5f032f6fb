"""People and their PINs: hashed, and slow to guess."""

from typing import Protocol

import pytest

from core.clock import Clock
from core.errors import WrongPinError
from store.database import Database
from store.people import PeopleStore


class Movable(Clock, Protocol):
    def move(self, seconds: float) -> None: ...


def _people(database: Database, clock: Clock) -> tuple[PeopleStore, int]:
    people = PeopleStore(database, clock)
    person = people.add(name="Amina Ouedraogo", role="Clinical officer", registration_number="17", pin="2468")
    return people, person.person_id


def test_the_right_pin_names_the_person(database: Database, clock: Movable) -> None:
    people, number = _people(database, clock)
    assert people.require_pin(number, "2468").name == "Amina Ouedraogo"


def test_the_pin_itself_is_not_in_the_file(database: Database, clock: Movable) -> None:
    people, _ = _people(database, clock)
    people.add(name="B", role="Nurse", registration_number="", pin="2468")
    with database.transaction() as connection:
        rows = connection.execute("SELECT salt, pin_hash FROM people").fetchall()
    assert len({row["pin_hash"] for row in rows}) == 2
    assert len({row["salt"] for row in rows}) == 2
    assert all(b"2468" not in bytes(row["pin_hash"]) for row in rows)


def test_three_wrong_guesses_are_free_then_each_doubles_the_wait(database: Database, clock: Movable) -> None:
    people, number = _people(database, clock)
    waits = []
    for _ in range(6):
        clock.move(people.wait_seconds(number))
        with pytest.raises(WrongPinError):
            people.require_pin(number, "0000")
        waits.append(people.wait_seconds(number))
    assert waits == [0, 0, 5, 10, 20, 40]


def test_while_waiting_even_the_right_pin_is_refused(database: Database, clock: Movable) -> None:
    people, number = _people(database, clock)
    for _ in range(3):
        with pytest.raises(WrongPinError):
            people.require_pin(number, "0000")
    with pytest.raises(WrongPinError):
        people.require_pin(number, "2468")
    clock.move(5)
    assert people.require_pin(number, "2468").person_id == number
    assert people.wait_seconds(number) == 0


def test_the_wait_is_never_longer_than_a_quarter_of_an_hour_even_if_the_clock_goes_back(
    database: Database, clock: Movable
) -> None:
    people, number = _people(database, clock)
    for _ in range(20):
        clock.move(people.wait_seconds(number))
        with pytest.raises(WrongPinError):
            people.require_pin(number, "0000")
    clock.move(-1_000_000)
    assert people.wait_seconds(number) == 900


def test_a_clock_that_was_set_back_locks_nobody_out_for_longer_than_the_wait(
    database: Database, clock: Movable
) -> None:
    people, number = _people(database, clock)
    for _ in range(5):
        clock.move(people.wait_seconds(number))
        with pytest.raises(WrongPinError):
            people.require_pin(number, "0000")
    clock.move(-30 * 86_400)
    assert people.wait_seconds(number) == 20
    clock.move(20)
    assert people.require_pin(number, "2468").person_id == number


def test_a_person_who_does_not_exist_has_no_pin(database: Database, clock: Movable) -> None:
    people, _ = _people(database, clock)
    with pytest.raises(WrongPinError):
        people.require_pin(99, "2468")
