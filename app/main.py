"""The Streamlit entry: page config, navigation, nothing else."""

from pathlib import Path

import streamlit as st

from app.navigation import navigation

ASSETS = Path(__file__).parent / "assets"
SIDEBAR_PX = 208

st.set_page_config(
    page_title="Seedbed",
    page_icon=str(ASSETS / "mark.svg"),
    layout="wide",
    initial_sidebar_state=SIDEBAR_PX,
    menu_items={"About": "Seedbed: the workbench where teams grow training data."},
)
st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "mark.svg"), size="medium")
st.navigation(navigation(), expanded=True).run()
