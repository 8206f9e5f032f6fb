"""The key ring: what opens the store, what does not, and what a crash or a thief leaves of it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import (
    KeysDamagedError,
    KeysReplacedError,
    NewerStoreError,
    ProfileNotWritableError,
    RequestError,
    WrongPasswordError,
)
from store.keyring import KeyChange, KeyHolder, KeyRing
from store.secret_words import new_code, read_code
from tests.opening import CHEAP
from tests.store.conftest import MovedClock

PASSWORD = "maize and beans"


@pytest.fixture
def ring(tmp_path: Path, clock: MovedClock) -> KeyRing:
    return KeyRing(tmp_path / "keys.json", clock, CHEAP)


def add(ring: KeyRing, name: str, password: str) -> KeyHolder:
    """Let a further person open the store."""
    change = ring.with_added(name, password)
    ring.keep(change)
    return next(one for one in ring.holders() if one.holder_id == change.holder_id)


def turn(ring: KeyRing, change: KeyChange) -> None:
    """Keep a change that makes a new key, and drop the earlier one."""
    ring.keep(change)
    ring.end_turn()


def test_password_and_sheet_open_the_same_key_after_a_restart(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    key, holder, code = ring.create("Amina", PASSWORD)
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    assert len(key) == 32
    assert again.holders() == (holder,)
    assert again.unlock(holder.holder_id, PASSWORD) == key
    assert again.unlock_with_sheet(code) == key
    assert again.unlock_with_sheet(code.lower().replace("-", " ").replace("1", "l").replace("0", "o")) == key


def test_neither_key_nor_password_nor_code_stands_in_the_files(ring: KeyRing, tmp_path: Path) -> None:
    key, _holder, code = ring.create("Amina", PASSWORD)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in (key, key.hex().encode(), PASSWORD.encode(), code.encode(), code.replace("-", "").encode()):
        assert secret not in written


def test_a_password_is_the_same_however_its_letters_were_composed(ring: KeyRing) -> None:
    key, holder, _code = ring.create("Amina", "caf\u00e9 au lait")
    assert ring.unlock(holder.holder_id, "cafe\u0301 au lait") == key


def test_wrong_guesses_slow_down_also_after_a_restart_and_a_right_one_ends_that(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    key, holder, _code = ring.create("Amina", PASSWORD)
    waits = []
    for _ in range(6):
        with pytest.raises(WrongPasswordError):
            ring.unlock(holder.holder_id, "guess")
        ring = KeyRing(tmp_path / "keys.json", clock, CHEAP)
        waits.append(ring.wait_seconds(holder.holder_id))
        clock.move(waits[-1])
    assert waits == [0, 0, 5, 10, 20, 40]
    assert ring.unlock(holder.holder_id, PASSWORD) == key
    assert ring.wait_seconds(holder.holder_id) == 0


def test_during_a_wait_the_right_password_is_not_looked_at(ring: KeyRing, clock: MovedClock) -> None:
    _key, holder, _code = ring.create("Amina", PASSWORD)
    for _ in range(3):
        with pytest.raises(WrongPasswordError):
            ring.unlock(holder.holder_id, "guess")
    with pytest.raises(WrongPasswordError) as caught:
        ring.unlock(holder.holder_id, PASSWORD)
    assert (caught.value.detail, caught.value.context["wait_s"]) == ("wait", 5.0)


def test_a_clock_that_was_set_back_does_not_lock_for_ever(ring: KeyRing, clock: MovedClock) -> None:
    _key, holder, _code = ring.create("Amina", PASSWORD)
    for _ in range(4):
        clock.move(100)
        with pytest.raises(WrongPasswordError):
            ring.unlock(holder.holder_id, "guess")
    clock.move(-1_000_000)
    assert ring.wait_seconds(holder.holder_id) == 10


def test_a_guess_that_cannot_be_counted_is_no_free_guess(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    _key, holder, _code = ring.create("Amina", PASSWORD)

    def fail(_file: Path, _content: bytes) -> None:
        raise OSError

    monkeypatch.setattr("store.guess_file.replace_file", fail)
    with pytest.raises(ProfileNotWritableError):
        ring.unlock(holder.holder_id, "guess")


def test_a_mistyped_code_is_told_as_a_slip_and_not_counted(ring: KeyRing) -> None:
    _key, _holder, code = ring.create("Amina", PASSWORD)
    for place in (0, 7, len(code) - 1):
        other = "A" if code[place] != "A" else "B"
        with pytest.raises(WrongPasswordError) as caught:
            ring.unlock_with_sheet(code[:place] + other + code[place + 1 :])
        assert caught.value.detail == "slip"
    assert ring.wait_seconds("sheet") == 0
    for _ in range(3):
        with pytest.raises(WrongPasswordError):
            ring.unlock_with_sheet(new_code())
    assert ring.wait_seconds("sheet") == 5


def test_no_two_neighbouring_letters_of_a_code_can_be_swapped_unnoticed() -> None:
    for _ in range(20):
        code = new_code()
        letters = code.replace("-", "")
        assert read_code(letters) == code
        for place in range(len(letters) - 1):
            swapped = letters[:place] + letters[place + 1] + letters[place] + letters[place + 2 :]
            assert swapped == letters or read_code(swapped) is None


def test_after_a_change_the_old_password_and_the_old_sheet_open_nothing(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    key, holder, code = ring.create("Amina", PASSWORD)
    turn(ring, ring.with_password(holder.holder_id, "another password"))
    new = new_code()
    turn(ring, ring.with_sheet(new))
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    assert again.unlock(holder.holder_id, "another password") == again.unlock_with_sheet(new) != key
    with pytest.raises(WrongPasswordError):
        again.unlock(holder.holder_id, PASSWORD)
    with pytest.raises(WrongPasswordError):
        again.unlock_with_sheet(code)


def test_who_was_removed_opens_nothing_and_the_last_one_stays(ring: KeyRing) -> None:
    key, first, _code = ring.create("Amina", PASSWORD)
    second = add(ring, "Berta", "rice and peas")
    assert ring.unlock(second.holder_id, "rice and peas") == key
    turn(ring, ring.without(second.holder_id))
    with pytest.raises(WrongPasswordError):
        ring.unlock(second.holder_id, "rice and peas")
    with pytest.raises(RequestError):
        ring.without(first.holder_id)
    assert ring.holders() == (first,)


def test_one_persons_slot_does_not_open_as_anothers(ring: KeyRing, tmp_path: Path, clock: MovedClock) -> None:
    _key, first, _code = ring.create("Amina", PASSWORD)
    second = add(ring, "Berta", "rice and peas")
    kept = json.loads((tmp_path / "keys.json").read_text())
    slots = {slot["holder_id"]: slot for slot in kept["slots"]}
    for name in ("salt", "nonce", "public", "locked", "sealed"):
        slots[first.holder_id][name] = slots[second.holder_id][name]
    for name in ("keys.json", "keys-copy.json"):
        (tmp_path / name).write_text(json.dumps(kept))
    with pytest.raises(WrongPasswordError):
        KeyRing(tmp_path / "keys.json", clock, CHEAP).unlock(first.holder_id, "rice and peas")


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"schema": 1, "slots": [{}]}'])
def test_a_damaged_key_file_is_read_from_its_copy_and_told_where_both_are_damaged(
    ring: KeyRing, tmp_path: Path, clock: MovedClock, content: bytes
) -> None:
    key, holder, _code = ring.create("Amina", PASSWORD)
    (tmp_path / "keys.json").write_bytes(content)
    assert KeyRing(tmp_path / "keys.json", clock, CHEAP).unlock(holder.holder_id, PASSWORD) == key
    (tmp_path / "keys-copy.json").write_bytes(content)
    with pytest.raises(KeysDamagedError):
        KeyRing(tmp_path / "keys.json", clock, CHEAP)


def test_a_slot_that_would_take_all_memory_is_not_tried(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    ring.create("Amina", PASSWORD)
    kept = json.loads((tmp_path / "keys.json").read_text())
    kept["slots"][0]["memory_kib"] = 2**31
    for name in ("keys.json", "keys-copy.json"):
        (tmp_path / name).write_text(json.dumps(kept))
    with pytest.raises(KeysDamagedError):
        KeyRing(tmp_path / "keys.json", clock, CHEAP)


def test_keys_of_a_newer_farlight_are_refused(ring: KeyRing, tmp_path: Path, clock: MovedClock) -> None:
    ring.create("Amina", PASSWORD)
    kept = json.loads((tmp_path / "keys.json").read_text())
    (tmp_path / "keys.json").write_text(json.dumps({**kept, "schema": 99}))
    with pytest.raises(NewerStoreError):
        KeyRing(tmp_path / "keys.json", clock, CHEAP)


def test_a_key_that_cannot_be_kept_is_not_made(
    ring: KeyRing, tmp_path: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Path, _content: bytes) -> None:
        if file.name == "keys.json":
            raise OSError

    monkeypatch.setattr("store.key_file.replace_file", fail)
    with pytest.raises(ProfileNotWritableError):
        ring.create("Amina", PASSWORD)
    assert not ring.exists
    assert not KeyRing(tmp_path / "keys.json", clock, CHEAP).exists


def test_wrong_guesses_are_remembered_with_their_times_until_they_were_told(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    _key, holder, _code = ring.create("Amina", PASSWORD)
    began = clock.now()
    for _ in range(2):
        with pytest.raises(WrongPasswordError):
            ring.unlock(holder.holder_id, "guess")
        clock.move(600)
    ring.unlock(holder.holder_id, PASSWORD)
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    told = again.wrong_guesses(holder.holder_id)
    assert told is not None
    assert (told.count, told.first_at, told.last_at) == (2, began, began + timedelta(seconds=600))
    with pytest.raises(WrongPasswordError):
        again.unlock(holder.holder_id, "guess")
    assert again.wait_seconds(holder.holder_id) == 0, "those that were told before slow nothing down"
    later = again.wrong_guesses(holder.holder_id)
    assert later is not None
    assert later.count == 3
    again.forget_wrong_guesses(holder.holder_id)
    assert again.wrong_guesses(holder.holder_id) is None
    assert again.wrong_guesses("sheet") is None


@pytest.mark.parametrize(
    "content",
    [b"[]", b'{"sheet": 3}', b'{"sheet": [1]}', b'{"sheet": [1, 1e300, 1, 0]}', b'{"sheet": [1, NaN, 1, 0]}',
     b'{"sheet": [1, 0, -1, 0]}', b"\0"],
)  # fmt: skip
def test_a_file_of_guesses_that_is_none_counts_as_many_guesses_once(
    ring: KeyRing, tmp_path: Path, clock: MovedClock, content: bytes
) -> None:
    key, holder, _code = ring.create("Amina", PASSWORD)
    (tmp_path / "guesses.json").write_bytes(content)
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    assert again.wait_seconds(holder.holder_id) == again.wait_seconds("sheet") == 160
    clock.move(160)
    assert again.unlock(holder.holder_id, PASSWORD) == key
    assert again.wait_seconds(holder.holder_id) == 0


def test_taking_the_count_of_guesses_away_ends_no_wait(ring: KeyRing, tmp_path: Path) -> None:
    _key, holder, _code = ring.create("Amina", PASSWORD)
    for _ in range(3):
        with pytest.raises(WrongPasswordError):
            ring.unlock(holder.holder_id, "guess")
    (tmp_path / "guesses.json").unlink()
    with pytest.raises(WrongPasswordError) as caught:
        ring.unlock(holder.holder_id, PASSWORD)
    assert caught.value.detail == "wait"


def test_an_old_key_file_and_an_old_password_lead_to_no_later_key(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    first_key, first, code = ring.create("Amina", PASSWORD)
    second = add(ring, "Berta", "rice and peas")
    old = (tmp_path / "keys.json").read_bytes()
    turn(ring, ring.without(second.holder_id))
    without = ring.keys()[0]
    turn(ring, ring.with_password(first.holder_id, "yam and plantain"))
    new_file = json.loads((tmp_path / "keys.json").read_bytes())
    assert len({first_key, without, ring.keys()[0]}) == 3
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "keys.json").write_bytes(old)
    (tmp_path / "stick" / "guesses.json").write_bytes(b"{}")
    stick = KeyRing(tmp_path / "stick" / "keys.json", clock, CHEAP)
    assert stick.unlock(second.holder_id, "rice and peas") == first_key
    plain = json.loads(old)
    for slot in new_file["slots"]:  # the later key, sealed to a pair that the old password unlocks
        for earlier in plain["slots"]:
            if earlier["holder_id"] == slot["holder_id"] and slot["kind"] == "password":
                assert earlier["public"] != slot["public"]
    assert stick.unlock_with_sheet(code) == first_key
    assert KeyRing(tmp_path / "keys.json", clock, CHEAP).unlock_with_sheet(code) == ring.keys()[0]


def test_a_key_that_is_being_turned_is_known_old_and_new_until_the_turn_is_ended(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    key, first, code = ring.create("Amina", PASSWORD)
    ring.keep(ring.with_password(first.holder_id, "yam and plantain"))
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    new = again.unlock(first.holder_id, "yam and plantain")
    assert (again.turning, again.keys()) == (True, (new, key))
    with pytest.raises(RequestError):
        again.with_sheet(code)
    again.end_turn()
    last = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    assert last.unlock_with_sheet(code) == new
    assert (last.turning, last.keys()) == (False, (new,))


def test_a_change_that_was_taken_back_leaves_the_password_and_the_key_that_were(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    key, first, _code = ring.create("Amina", PASSWORD)
    ring.keep(ring.with_password(first.holder_id, "yam and plantain"))
    ring.take_back()
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    assert again.unlock(first.holder_id, PASSWORD) == key
    assert (again.edition, again.turning) == (1, False)


@pytest.mark.parametrize("what", ["name", "holder", "sheet_kept", "edition", "generations", "founded"])
def test_what_nobody_with_the_key_wrote_is_refused(
    ring: KeyRing, tmp_path: Path, clock: MovedClock, what: str
) -> None:
    _key, first, _code = ring.create("Amina", PASSWORD)
    add(ring, "Berta", "rice and peas")
    plain = json.loads((tmp_path / "keys.json").read_bytes())
    if what == "name":
        plain["slots"][0]["name"] = "Berta"
    elif what == "holder":
        plain["slots"].append({**plain["slots"][0], "holder_id": "f" * 16})
    elif what == "generations":
        plain["generations"] = [1, 2]
    else:
        plain[what] = {"sheet_kept": True, "edition": 9, "founded": True}[what]
    for name in ("keys.json", "keys-copy.json"):
        (tmp_path / name).write_text(json.dumps(plain))
    with pytest.raises(KeysReplacedError):
        KeyRing(tmp_path / "keys.json", clock, CHEAP).unlock(first.holder_id, PASSWORD)


def test_a_file_that_was_changed_is_read_from_its_copy_and_written_alike_again(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    key, first, _code = ring.create("Amina", PASSWORD)
    kept = (tmp_path / "keys.json").read_bytes()
    (tmp_path / "keys.json").write_bytes(kept.replace(b"Amina", b"Anima"))
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    assert again.unlock(first.holder_id, PASSWORD) == key
    again.align()
    assert (tmp_path / "keys.json").read_bytes() == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [("lanes", 0), ("lanes", 10**9), ("lanes", 1.0), ("passes", True), ("passes", 65), ("memory_kib", 4),
     ("memory_kib", 1.5), ("salt", "00"), ("salt", 7), ("nonce", "00"), ("nonce", "zz"), ("public", "00"),
     ("locked", ""), ("name", None), ("kind", "master"), ("sealed", {"1": "00"}), ("sealed", None),
     ("holder_id", "sheet")],
)  # fmt: skip
def test_a_slot_that_nobody_here_wrote_is_no_slot(
    ring: KeyRing, tmp_path: Path, clock: MovedClock, field: str, value: object
) -> None:
    ring.create("Amina", PASSWORD)
    kept = json.loads((tmp_path / "keys.json").read_text())
    kept["slots"][0][field] = value
    for name in ("keys.json", "keys-copy.json"):
        (tmp_path / name).write_text(json.dumps(kept))
    with pytest.raises(KeysDamagedError):
        KeyRing(tmp_path / "keys.json", clock, CHEAP)


def test_what_was_counted_without_times_still_slows_down(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    _key, holder, _code = ring.create("Amina", PASSWORD)
    at = clock.now().timestamp()
    (tmp_path / "guesses.json").write_text(f'{{"{holder.holder_id}": [4, {at}]}}')
    assert ring.wait_seconds(holder.holder_id) == 10
    assert ring.wrong_guesses(holder.holder_id) is None


def test_who_gave_a_password_stays_known_until_its_holder_chose_another(
    ring: KeyRing, tmp_path: Path, clock: MovedClock
) -> None:
    key, holder, _code = ring.create("Amina", PASSWORD)
    turn(ring, ring.with_password(holder.holder_id, "yam and plantain", given_by="Dr. Kamau"))
    again = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    (given,) = again.holders()
    assert (given.given_by, given.changed_at) == ("Dr. Kamau", "2027-01-01T12:00:00+00:00")
    assert again.unlock(holder.holder_id, "yam and plantain") != key
    turn(again, again.with_password(holder.holder_id, "rice and peas"))
    (own,) = KeyRing(tmp_path / "keys.json", clock, CHEAP).holders()
    assert (own.given_by, bool(own.changed_at)) == ("", True)


@pytest.mark.parametrize("field", ["given_by", "changed_at"])
def test_a_password_that_was_given_cannot_be_passed_off_as_one_that_was_chosen(
    ring: KeyRing, tmp_path: Path, clock: MovedClock, field: str
) -> None:
    _key, holder, _code = ring.create("Amina", PASSWORD)
    turn(ring, ring.with_password(holder.holder_id, "yam and plantain", given_by="Dr. Kamau"))
    plain = json.loads((tmp_path / "keys.json").read_bytes())
    plain["slots"][0][field] = ""
    for name in ("keys.json", "keys-copy.json"):
        (tmp_path / name).write_text(json.dumps(plain))
    forged = KeyRing(tmp_path / "keys.json", clock, CHEAP)
    with pytest.raises(WrongPasswordError):
        forged.unlock(holder.holder_id, "yam and plantain")
