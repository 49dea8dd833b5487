"""A smart-meter gateway of the house: when it is asked, by whom, and what it last told. Nothing in it is changed.

Slow on purpose: one session at a time, at least LEAST_S apart, over restarts too, and whoever else has the same file
of the account (`decode smgw` beside the service); after a refused login an hour. What
it tells is a minute to a quarter of an hour old: nothing that a decision could rest on.
"""

import time
from collections.abc import Callable

from drivers import key_file, smgw_account, smgw_casa, smgw_conexa, smgw_ppc, smgw_values
from drivers.smgw_account import AFTER_REFUSED_S, LEAST_S, Account
from drivers.smgw_https import Https, Transport
from drivers.smgw_session import Session
from drivers.smgw_values import MOST_VALUES, Value
from hal.faults import REFUSED, DeviceError

MAKERS = {"conexa": smgw_conexa.read, "casa": smgw_casa.read, "ppc": smgw_ppc.read}


class Gateway:
    """One line; `fault_hint` is what a person can do once no login is tried any more."""

    def __init__(self, maker: str, connect: "Callable[[str], Transport]", login: "Callable[[], tuple[str, str]]",
                 account: "Callable[[str, str], Account]", force_md5: bool = False, fault_hint: str = "",
                 clock_s: "Callable[[], float]" = time.time) -> None:
        """`connect` is given the certificate that was shown before, or ""; `login` raises ValueError."""
        self._maker = maker
        self._connect = connect
        self._login = login
        self._account = account
        self._force_md5 = force_md5
        self._fault_hint = fault_hint
        self._clock_s = clock_s
        self._due_ms: "int | None" = None  # monotonic; None before the first look
        self._known = 0  # newest session that was ours, or was waited for: the clock may have been set back for years
        self._fault: "DeviceError | None" = None
        self.values: "tuple[Value, ...]" = ()
        self.asked_ms = -1  # monotonic, when the values were asked for; -1 before

    def ask(self, now_ms: int, every_ms: int) -> None:
        """Sees to it that `values` are no older than that, if the gateway may be asked by now; raises why not."""
        if self.asked_ms >= 0 and now_ms - self.asked_ms < every_ms:
            return
        if self._due_ms is None or now_ms >= self._due_ms:
            try:
                self._turn(now_ms)
                self._fault = None
            except DeviceError as error:
                self._fault = error
            except (OSError, ValueError) as error:  # the file of the logins, or the one that counts
                self._fault = DeviceError(REFUSED, str(error))
        if self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """There is no connection between two sessions."""

    def _turn(self, now_ms: int) -> None:
        self._due_ms = now_ms + 1_000 * LEAST_S
        user, password = self._login()
        account = self._account(user, password)
        locked = account.locked()
        if locked:
            raise DeviceError(REFUSED, locked + self._fault_hint)
        wait_s = account.wait_s(int(self._clock_s()))
        if wait_s and account.begun_s != self._known:
            self._known = account.begun_s
            self._due_ms = now_ms + 1_000 * wait_s
            raise DeviceError(REFUSED, f"asked a moment ago; left alone for {wait_s} s")
        account.begin(int(self._clock_s()))
        self._known = account.begun_s
        self._session(now_ms, account, user, password)

    def _session(self, now_ms: int, account: Account, user: str, password: str) -> None:
        transport = self._connect(account.certificate)
        session = Session(transport, account, user, password, self._force_md5)
        try:
            values = smgw_values.newest(MAKERS[self._maker](session)[:MOST_VALUES])
        except DeviceError:
            if not session.refused:
                account.unanswered()
            if account.failed:
                self._due_ms = now_ms + 1_000 * AFTER_REFUSED_S
            raise
        finally:
            transport.close()
            if transport.certificate and not account.certificate and account.proven:
                account.pin(transport.certificate)
        self.values, self.asked_ms = values, now_ms


def real(maker: str, host: str, port: int, logins: str, login: str, state: str, failed_logins: int, certificate: str,
         digest: str) -> Gateway:
    """By the keys of a line of the configuration. Nothing is opened or read yet."""
    pinned = certificate.replace(":", "").lower()

    def own() -> "tuple[str, str]":
        if not logins:
            raise ValueError("no login: name the file of the logins (logins)")
        return key_file.login(logins, login)

    def account(user: str, password: str) -> Account:
        kept = smgw_account.kept(state)
        return Account(kept, lambda fields: smgw_account.keep(state, fields), user, password, failed_logins)

    return Gateway(maker, lambda shown: Https(host, port, pinned or shown), own, account, digest == "md5",
                   f" (or {state} is deleted)")
