# SPDX-License-Identifier: Apache-2.0
"""One virtual board for all tests that can share one: a boot and a key exchange cost seconds each."""

import pytest
from virtual_board.session import BoardSession


@pytest.fixture(scope="session")
def shared_board():
    session = BoardSession("--seed", 7)
    yield session
    session.close()


@pytest.fixture
def board(shared_board):
    """The same, for clients (tests/virtual_board/client.c), which end with the test."""
    yield shared_board
    shared_board.drop_clients()
