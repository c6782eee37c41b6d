"""The parts of a batch that wait at a provider's batch API."""

from collections.abc import Sequence

import streamlit as st

from app.widgets.formats import ago, day, plural, short_id, words
from app.widgets.layout import section
from app.widgets.tables import number, plain_table
from core.generation.progress import Piece


def pieces_table(pieces: Sequence[Piece]) -> None:
    """One row a piece, newest first."""
    waiting = sum(piece.requests for piece in pieces if piece.state == "in_progress")
    section("At the provider", f"{plural(len(pieces), 'piece')}; {waiting:,} requests in progress.")
    rows = [
        {
            "Piece": short_id(piece.provider_batch_id),
            "State": words(piece.state),
            "Requests": piece.requests,
            "Answered": piece.succeeded,
            "Failed": piece.failed,
            "Submitted": ago(piece.submitted_at),
            "Expires": day(piece.expires_at),
            "Message": piece.message,
        }
        for piece in pieces
    ]
    columns = {
        **{name: number(name, width=90) for name in ("Requests", "Answered", "Failed")},
        "Message": st.column_config.TextColumn(width=280),
    }
    plain_table(rows, key="batches.progress.pieces", columns=columns)
