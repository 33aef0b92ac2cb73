# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the end-to-end tests: the real daemon, real certificates, real sockets.

    def test_two_professionals_match(daemon, school, care):
        school.designate("ib-1")
        care.designate("wijk-7")
        assert school.signal(bsn(0), "ib-1").status == 201
        assert care.signal(bsn(0), "wijk-7").json["match"] is not None

The classes behind them are in actors.py; a test takes what else it needs from there
(`from actors import bsn, run_vix`). VIX_BUILD names the build directory, else build/.
"""
import shutil

import pytest

from actors import BUILD, VIX, VIXD, Daemon, Pki, new_directory


@pytest.fixture(scope="session", autouse=True)
def built():
    for program in (VIXD, VIX):
        if not program.exists():
            pytest.exit(f"{program} is not built (VIX_BUILD={BUILD})", 2)


@pytest.fixture(scope="session")
def pki():
    """An authority, the server's certificate and one of each kind of client: tools/devpki."""
    directory = new_directory()
    yield Pki(directory / "pki")
    shutil.rmtree(directory)


@pytest.fixture
def own_pki(pki):
    """A copy of the authority, for a test that revokes certificates or spoils the CRL."""
    directory = new_directory()
    yield pki.copy(directory / "pki")
    shutil.rmtree(directory)


@pytest.fixture
def new_daemon(pki):
    """Makes daemons that are not started yet: new_daemon(limits={"requests_per_minute": 10}).
    Those that still run at the end of the test are stopped, and must end well."""
    made = []

    def make(pki=pki, **settings):
        made.append(Daemon(pki, new_directory(), **settings))
        return made[-1]

    yield make
    failures = []
    for daemon in made:
        daemon.close_clients()
        try:
            daemon.stop()
        except AssertionError as failure:
            failures.append(str(failure))
        shutil.rmtree(daemon.directory)
    assert not failures, "\n".join(failures)


@pytest.fixture
def start_daemon(new_daemon):
    """As new_daemon, and started."""
    return lambda **more: new_daemon(**more).start()


@pytest.fixture
def daemon(start_daemon):
    """A running daemon with an empty store."""
    return start_daemon()


@pytest.fixture
def operator(daemon):
    return daemon.operator


@pytest.fixture
def admit(operator):
    """admit("school", roles=("reporter",), municipality="0361") makes it a party."""
    return operator.admit


@pytest.fixture
def school(admit):
    return admit("school")


@pytest.fixture
def care(admit):
    return admit("care")


@pytest.fixture
def municipality(admit):
    return admit("municipality", roles=("municipality",))


@pytest.fixture
def auditor(admit):
    """An auditor needs no agreement."""
    return admit("auditor", roles=("auditor",), municipality=None, until=None)


@pytest.fixture
def doctor(admit, pki):
    """A third reporter."""
    return admit(pki.named("doctor"))


@pytest.fixture
def registry(admit, pki):
    """The adapter of the population register, which needs no agreement either."""
    return admit(pki.named("registry"), roles=("registry",), municipality=None, until=None)


@pytest.fixture
def town(admit, pki):
    """Another municipality, with which nobody has an agreement at first."""
    return admit(pki.named("town"), roles=("municipality",), municipality="0362")
