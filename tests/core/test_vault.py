"""What every store keeps: one suite, run on all of them."""

import asyncio
import os
import pickle
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from secure_core import Context, Guard, InputError, Policy, PolicyError, Stage
from secure_core.vault import MemoryVault, PostgresVault, RedisVault, SQLiteVault, Vault, VaultError
from secure_core.vault.bound import BoundGuard
from secure_core.vault.keys import new_key
from secure_core.vault.store import Kept
from tests.core.redis_server import running
from tests.core.vaults import ANN, BOB, GUARD, KEY, RULE, Make, bind, hidden


def test_what_was_hidden_comes_back(vault: Vault) -> None:
    bound = bind(vault)
    text = f"From {ANN} to {BOB}: card 4111 1111 1111 1111. Greetings, {ANN}"
    safe = bound.check(text, stage="input").text
    assert not any(value in safe for value in (ANN, BOB, "4111"))
    assert bound.restore(safe) == text


def test_the_same_value_has_the_same_stand_in_and_no_other_has_it(vault: Vault) -> None:
    bound = bind(vault)
    assert hidden(bound) == hidden(bound) == hidden(bind(vault)) != hidden(bound, BOB)
    assert hidden(bound) == bound.check(ANN, stage="output").text


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ({"session": "1"}, {"session": "2"}, False),
        ({"tenant": "1"}, {"tenant": "2"}, False),
        ({"session": "1", "scope": "tenant"}, {"session": "2", "scope": "tenant"}, True),
        ({"scope": "tenant", "tenant": "1"}, {"scope": "tenant", "tenant": "2"}, False),
        ({"scope": "tenant", "session": None}, {"scope": "session"}, False),
        ({"tenant": "1", "scope": "global"}, {"tenant": "2", "scope": "global"}, True),
    ],
)
def test_a_stand_in_is_known_in_its_scope_only(
    vault: Vault, one: dict[str, str], other: dict[str, str], shared: bool
) -> None:
    first, second = bind(vault, **one), bind(vault, **other)
    stand_in = hidden(first)
    assert first.restore(stand_in) == ANN
    assert second.restore(stand_in) == (ANN if shared else stand_in)
    assert (hidden(second) == stand_in) is shared


def test_sixty_four_sessions_at_once_restore_their_own_and_nothing_else(vault: Vault) -> None:
    wrong: list[str] = []
    stand_ins: dict[int, str] = {}
    ready = threading.Barrier(64)

    def work(number: int) -> None:
        bound = bind(vault, session=f"s{number % 8}", tenant=f"t{number // 8}")
        values = [f"user{number}.{turn}@example.com" for turn in range(4)] + [ANN]
        texts = [bound.check(value, stage="input").text for value in values]
        stand_ins[number] = "".join(texts)
        ready.wait()
        if bound.restore("".join(texts)) != "".join(values):
            wrong.append("own")
        others = "".join(stand_ins[other] for other in stand_ins if other != number)
        if bound.restore(others) != others:
            wrong.append("other")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stand_ins) == 64
    assert not wrong


def test_threads_agree_on_one_stand_in(vault: Vault) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(hidden(bind(vault)))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


async def test_tasks_share_a_vault(vault: Vault) -> None:
    bound = [bind(vault, session=str(number)) for number in range(16)]
    decisions = await asyncio.gather(*(b.acheck(f"to {ANN}", stage="input") for b in bound))
    texts = await asyncio.gather(*(b.arestore(d.text) for b, d in zip(bound, decisions, strict=True)))
    assert set(texts) == {f"to {ANN}"}
    assert len({d.text for d in decisions}) == 16


async def test_streams_and_arguments_are_restored_without_holding_the_loop_up(vault: Vault) -> None:
    bound = bind(vault)
    safe = hidden(bound)
    texts = await asyncio.gather(*(streamed(bound, f"to {safe}, and {BOB}", step) for step in range(1, 12)))
    assert set(texts) == {f"to {ANN}, and {BOB}"}
    assert await bound.arestore_arguments({"to": [safe, 1], "a": {"b": safe}}, tool="mail") == {
        "to": [ANN, 1],
        "a": {"b": ANN},
    }
    assert await bound.arestore_many([safe, "x", safe]) == [ANN, "x", ANN]
    assert await vault.aerase("t") == 1
    assert await bound.arestore(safe) == safe


async def streamed(bound: BoundGuard, text: str, step: int) -> str:
    async with bound.restore_stream() as stream:
        pieces = [await stream.apush(text[at : at + step]) for at in range(0, len(text), step)]
        return "".join([*pieces, await stream.aflush()])


async def test_a_stream_that_is_left_gives_nothing_out_any_more() -> None:
    bound = bind(MemoryVault())
    async with bound.restore_stream() as stream:
        assert await stream.apush("<EMAIL") == ""
    with pytest.raises(InputError, match="flushed"):
        await stream.apush("x")
    assert await stream.aflush() == ""


def test_nothing_is_restored_where_another_tenant_is_named() -> None:
    bound = bind(MemoryVault())
    safe = hidden(bound)
    assert bound.restore(safe, context=Context(Stage.OUTPUT, tenant="t")) == ANN
    assert bound.restore(safe, context=Context(Stage.OUTPUT, tenant="other")) == safe


def test_what_has_expired_is_not_restored(make: Make) -> None:
    vault = make(ttl=0.4)
    bound = bind(vault)
    stand_in = hidden(bound)
    assert bound.restore(stand_in) == ANN
    time.sleep(0.25)
    hidden(bound)  # seen again, kept longer
    time.sleep(0.25)
    assert bound.restore(stand_in) == ANN
    time.sleep(0.5)
    assert bound.restore(stand_in) == stand_in
    assert hidden(bound) == stand_in  # still the same, and known again
    assert bound.restore(stand_in) == ANN


def test_what_has_expired_is_purged_in_scopes_that_nobody_writes_to(make: Make) -> None:
    vault = make(ttl=0.3)
    old = [hidden(bind(vault, session, tenant, subject="x")) for tenant in "ab" for session in "12"]
    assert vault.purge() == 0
    time.sleep(0.4)
    assert vault.purge() == 4
    bound = bind(vault, "3", "a", subject="x")
    young = hidden(bound)
    assert vault.purge() == 0
    assert [tuple(size) for size in vault.scopes()] == [("a", "3", 1)]
    assert bound.restore(young) == ANN
    assert bind(vault, "1", "a").restore(old[0]) == old[0]
    assert vault.erase("a", subject="x") == 1


def test_a_session_a_subject_and_a_tenant_can_be_erased(vault: Vault) -> None:
    of_ann, of_bob = bind(vault, subject="customer-1"), bind(vault, subject="customer-2")
    ann, both, bob = hidden(of_ann), hidden(of_ann, "both@example.com"), hidden(of_bob, BOB)
    hidden(of_bob, "both@example.com")
    elsewhere, foreign = bind(vault, session="else"), bind(vault, tenant="else")
    kept, safe = hidden(elsewhere), hidden(foreign)
    assert vault.erase("t", subject="nobody") == 0
    assert vault.erase("t", subject="customer-2") == 2
    assert of_ann.restore(ann + both + bob) == ANN + both + bob
    assert vault.erase("t", session="s") == 1
    assert of_ann.restore(ann) == ann
    assert elsewhere.restore(kept) == ANN
    assert vault.erase("t") == 1
    assert elsewhere.restore(kept) == kept
    assert bind(vault, session="else").restore(kept) == kept
    assert foreign.restore(safe) == ANN
    assert [(size.tenant, size.session, size.entries) for size in vault.scopes()] == [("else", "s", 1)]


def test_a_subject_can_be_erased_in_one_session_only(vault: Vault) -> None:
    here, there = bind(vault, "1", subject="x"), bind(vault, "2", subject="x")
    one, two = hidden(here), hidden(there)
    assert vault.erase("t", session="1", subject="x") == 1
    assert (here.restore(one), there.restore(two)) == (one, ANN)


def test_a_scope_that_is_full_refuses_and_forgets_nothing(make: Make) -> None:
    bound = bind(make(max_entries=2))
    stand_ins = hidden(bound) + hidden(bound, BOB)
    with pytest.raises(VaultError, match="max_entries = 2") as error:
        bound.check("eve@example.com", stage="input")
    assert "eve" not in str(error.value)
    assert bound.restore(stand_ins) == ANN + BOB
    assert hidden(bound) in stand_ins


def test_values_that_do_not_all_fit_are_refused_all_of_them(make: Make) -> None:
    vault = make(max_entries=3)
    bound = bind(vault)
    stand_in = hidden(bound)
    with pytest.raises(VaultError, match="max_entries = 3"):
        bound.check(f"{ANN}, {BOB}, eve@example.com, zoe@example.com", stage="input")
    assert [size.entries for size in vault.scopes()] == [1]
    assert bound.restore(hidden(bound, BOB) + hidden(bound, "eve@example.com") + stand_in).endswith(f"com{ANN}")


def test_a_bound_that_was_lowered_refuses_new_values_only(vault: Vault) -> None:
    stand_ins = hidden(bind(vault), ANN), hidden(bind(vault), BOB)
    vault.max_entries = 1
    bound = bind(vault, subject="x")  # written again, for the subject is new
    assert (hidden(bound, ANN), hidden(bound, BOB)) == stand_ins
    with pytest.raises(VaultError, match="max_entries = 1"):
        hidden(bound, "eve@example.com")


def test_a_value_that_is_too_long_is_refused_by_every_store(make: Make) -> None:
    bound = bind(make(max_chars=20))
    assert bound.restore(hidden(bound)) == ANN
    with pytest.raises(VaultError, match="22 characters is longer than the vault's max_chars = 20"):
        bound.check("a.long.one@example.com", stage="input")


def test_scopes_are_listed_with_their_sizes(vault: Vault) -> None:
    assert vault.scopes() == []
    hidden(bind(vault, tenant="b"))
    hidden(bind(vault, tenant="a"))
    hidden(bind(vault, tenant="a"), BOB)
    assert [tuple(size) for size in vault.scopes()] == [("a", "s", 2), ("b", "s", 1)]


def test_rotation_keeps_stand_ins_and_retires_the_old_key(make: Make) -> None:
    old, new = b"o" * 32, b"n" * 32
    vault = make(key=old)
    stand_in = hidden(bind(vault))
    if isinstance(vault, MemoryVault):
        vault._masters = (new, old)
        assert vault.rotate() == 1
        vault._masters = (new,)
    else:
        assert make(key=[new, old]).rotate() == 1
        with pytest.raises(VaultError, match="another master key"):
            bind(make(key=old))
        vault = make(key=lambda: new)
    assert bind(vault).restore(stand_in) == ANN
    assert hidden(bind(vault)) == stand_in


def test_without_the_key_nothing_can_be_read(make: Make) -> None:
    if isinstance(make(), MemoryVault):
        pytest.skip("is not shared")
    hidden(bind(make()))
    with pytest.raises(VaultError, match="give that one as well"):
        bind(make(key=b"x" * 32))


def test_names_of_any_kind_are_scopes(vault: Vault) -> None:
    names = ["a:b", "{x}", "*", "ü", "\0", "a", "a b", "'", "%"]
    bound = [bind(vault, session=session, tenant=tenant) for tenant in names for session in names]
    stand_ins = [hidden(b) for b in bound]
    assert len(set(stand_ins)) == len(bound)
    assert all(b.restore("".join(stand_ins)).count(ANN) == 1 for b in bound)
    assert vault.erase("*") == len(names)
    assert len(vault.scopes()) == len(bound) - len(names)


def test_a_guard_bound_to_a_shared_store_travels_without_its_key(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match=r"key must not be pickled|cannot leave its process"):
        pickle.dumps(bind(make()))
    if isinstance(make(), MemoryVault):
        return
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", new_key())
    bound = bind(make(key=None), tenant="travels")
    again = pickle.loads(pickle.dumps(bound))
    assert again.restore(hidden(bound)) == ANN
    bounds = {"ttl": 60.0, "max_entries": 7, "max_chars": 70}
    assert vars(pickle.loads(pickle.dumps(make(key=None, **bounds)))).items() >= bounds.items()


def test_the_values_of_a_text_are_kept_in_one_step() -> None:
    class Counting(MemoryVault):
        steps = 0

        def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]:
            self.steps += 1
            return super()._put(entries, subject)

    vault = Counting()
    bound = bind(vault)
    texts = [f"Write to user{number}@example.com, please. And {ANN}.\n\n" * 3 for number in range(20)]
    decisions = bound.check_many(texts, stage="retrieval")
    assert vault.steps == 1
    assert [bound.restore(decision.text) for decision in decisions] == texts


# -- around the stores -----------------------------------------------------------------------------


def test_a_policy_that_pseudonymizes_needs_a_vault_and_says_so() -> None:
    for unbound in (GUARD, Guard.from_policy(GUARD)):
        with pytest.raises(InputError, match=r"guard.bind\(vault="):
            unbound.check("nothing to find here", stage="input")
        with pytest.raises(InputError, match=r"guard.bind\(vault="):
            unbound.stream(stage="input")
    only_input = Policy.model_validate({"rules": [{**RULE, "stages": ["input"]}]})
    assert Guard(only_input).check(ANN, stage="output").text == ANN


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tenant": ""}, "whose the values are"),
        ({"tenant": "t"}, "in which session"),
        ({"tenant": "t", "session": "s", "scope": "world"}, "session, tenant, global"),
        ({"tenant": "\ud800", "session": "s"}, "lone surrogates"),
    ],
)
def test_a_wrong_binding_is_refused_with_advice(given: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GUARD.bind(MemoryVault(), **given)


@pytest.mark.parametrize(
    ("key", "message"),
    [(b"short", "at least 16"), ([], "at least 16"), ("text" * 8, "must be bytes"), (lambda: b"", "at least 16")],
)
def test_a_weak_key_is_refused(key: object, message: str) -> None:
    with pytest.raises(VaultError, match=message):
        MemoryVault(key=key)  # type: ignore[arg-type]


def test_a_file_needs_a_key_from_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECURE_CORE_VAULT_KEY", raising=False)
    with pytest.raises(VaultError, match="SECURE_CORE_VAULT_KEY"):
        SQLiteVault(tmp_path / "vault.db")
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", "not base64!")
    with pytest.raises(VaultError, match="is not base64"):
        SQLiteVault(tmp_path / "vault.db")
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", f"{new_key()}, {new_key()}")
    assert SQLiteVault(tmp_path / "vault.db").scopes() == []
    assert (tmp_path / "vault.db").stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be opened"):
        SQLiteVault(tmp_path / "no" / "such" / "vault.db", key=KEY)


def test_a_redis_that_may_forget_is_refused_unless_that_is_accepted(tmp_path: Path) -> None:
    with running(tmp_path, durable=False) as url:
        with pytest.raises(VaultError, match="appendfsync always"):
            RedisVault(url, key=KEY)
        bound = bind(RedisVault(url, key=KEY, durable=False))
        assert bound.restore(hidden(bound)) == ANN
    with pytest.raises(VaultError, match="is it up"):
        bound.restore(hidden(bound))


def test_a_postgres_that_is_away_and_a_strange_prefix_are_explained() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(VaultError, match="is it up"):
        PostgresVault("postgresql://vault@127.0.0.1:1/postgres?connect_timeout=2", key=KEY)
    with pytest.raises(VaultError, match="a-z, 0-9 and _"):
        PostgresVault("postgresql://vault@127.0.0.1:1/postgres", key=KEY, prefix="a; DROP TABLE b")


def test_a_connection_that_breaks_is_opened_anew(postgres_url: str) -> None:
    vault = PostgresVault(postgres_url, key=KEY, prefix="breaks", connections=1)
    bound = bind(vault)
    safe = hidden(bound)
    with pytest.raises(VaultError), vault._transaction() as run:
        run("SELECT pg_terminate_backend(pg_backend_pid())")
    assert bound.restore(safe) == ANN
    vault.close()
    assert bound.restore(safe) == ANN


def test_a_purged_redis_keeps_nothing_of_a_session(redis_url: str) -> None:
    vault = RedisVault(redis_url, key=KEY, prefix="purged", ttl=0.1)
    hidden(bind(vault, subject="x"))
    time.sleep(0.2)
    assert vault.purge() == 1
    left = [bytes(name) for name in vault._redis.scan_iter(match="purged:*")]
    assert sorted(name.rpartition(b":")[2] for name in left) == [b"key", b"tenants"]


def test_a_prefix_that_redis_takes_for_a_pattern_is_refused() -> None:
    with pytest.raises(VaultError, match="patterns"):
        RedisVault("redis://127.0.0.1:1/0", key=KEY, prefix="a*")


def test_a_child_process_opens_the_file_anew(tmp_path: Path) -> None:
    bound = bind(SQLiteVault(tmp_path / "vault.db", key=KEY))
    stand_in = hidden(bound)
    child = os.fork()
    if child == 0:
        os._exit(0 if bound.restore(stand_in) == ANN and hidden(bound, BOB) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert bound.restore(hidden(bound, BOB)) == BOB


def test_the_policy_says_who_sees_what_again() -> None:
    policy = {
        "rules": [RULE],
        "restore": [
            {"category": "pii.*", "stages": ["output"], "principals": ["support-*"]},
            {"category": "pii.email_address", "stages": ["tool_call"], "sources": "send_mail"},
        ],
    }
    bound = Guard(Policy.model_validate(policy)).bind(MemoryVault(), tenant="t", session="s", principal="support-7")
    text = f"{ANN} paid with 4111 1111 1111 1111"
    safe = bound.check(text, stage="input").text
    mail, card = safe.split(" paid with ")
    assert bound.restore(safe) == text
    assert bound.restore(safe, context=Context(Stage.OUTPUT, principal="guest")) == safe
    assert bound.restore(safe, context=Context(Stage.OUTPUT)) == safe
    arguments = {"to": [mail, 1], "body": safe, mail: None}
    assert bound.restore_arguments(arguments, tool="send_mail") == {
        "to": [ANN, 1],
        "body": f"{ANN} paid with {card}",
        mail: None,
    }
    assert bound.restore_arguments(arguments, tool="search") == arguments


def test_a_wrong_restore_entry_is_named_with_its_place() -> None:
    with pytest.raises(PolicyError, match=r"p.toml:4: restore.0.principal: unknown key; did you mean 'principals'"):
        Policy.loads('name = "p"\n[[restore]]\ncategory = "pii.*"\nprincipal = "x"\n', "p.toml")


@pytest.mark.parametrize("options", [{"style": "tokens"}, {"style": 1}, {"salt": "x"}])
def test_wrong_options_of_the_operator_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="option"):
        Policy.model_validate({"rules": [{**RULE, "options": options}]})


def test_a_bound_guard_is_a_guard() -> None:
    bound = bind(MemoryVault())
    assert Guard.from_policy(bound) is bound
    assert bound.bind(MemoryVault(), tenant="other", session="s").policy is bound.policy
    stream = bound.stream(stage="input")
    safe = stream.push(f"to {ANN}, ") + stream.push("please") + stream.flush()
    assert bound.restore(safe) == f"to {ANN}, please"
    assert ANN not in repr(bound) + repr(stream.decision)
