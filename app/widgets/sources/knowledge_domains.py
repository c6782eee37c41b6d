"""Choosing a domain, or naming a new one."""

import streamlit as st

from app import cache


def domain_picker(key: str, label: str = "Domain", *, chosen: str | None = None) -> str:
    """A domain that has knowledge or templates, or a new name; "" where there is none."""
    known = cache.knowledge_domains()
    options = [*known, chosen] if chosen and chosen not in known else known
    found = st.selectbox(
        label, options, key=key, index=options.index(chosen) if chosen else 0 if options else None,
        accept_new_options=True, placeholder="Choose or name a domain", width=260,
        persist_state="session",
    )  # fmt: skip
    return (found or "").strip()
