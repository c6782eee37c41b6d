"""Building and checking dataset versions from the page."""

from pathlib import Path

from page_seeds import release

from core.datasets.browsing import list_datasets, list_versions
from core.db.workspace import Workspace


def test_building_stores_one_version_with_the_query_of_the_form(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("datasets", view="build", batch=seeded["batch"])
    at.number_input(key="datasets.min_score").set_value(0.9).run()
    at.text_input(key="datasets.name").set_value("from-the-page")
    at.button(key="datasets.build").click().run()
    assert not at.exception
    (row,) = list_datasets(workspace)
    (version,) = list_versions(workspace, row.dataset.dataset_id)
    assert (row.dataset.name, version.version, version.state) == (
        "from-the-page", "1.0.0", "building",
    )  # fmt: skip
    assert version.query["batch_ids"] == [seeded["batch"]]
    assert version.query["min_score"] == 0.9


def test_the_count_follows_the_selection(seeded, open_page) -> None:
    at = open_page("datasets", view="build", batch=seeded["batch"])
    selected = int(at.metric[0].value)
    at.multiselect(key="datasets.verdicts").set_value(["accepted", "needs_review"]).run()
    assert int(at.metric[0].value) > selected


def test_splits_that_do_not_add_up_are_refused(seeded, open_page) -> None:
    at = open_page("datasets", view="build", batch=seeded["batch"])
    at.number_input(key="datasets.train").set_value(90).run()
    assert "110" in at.error[0].value


def test_a_release_links_to_the_api_and_verifies(workspace: Workspace, seeded, open_page) -> None:
    version_id = release(workspace, seeded["batch"])
    at = open_page("datasets", version=version_id)
    links = [b.url for b in at.link_button]
    assert f"/api/v1/training-data/datasets/{version_id}/download?format=csv" in links
    assert f"/api/v1/training-data/datasets/{version_id}/download?file=train.parquet" in links
    at.button(key="datasets.verify").click().run()
    assert "match their SHA" in at.toast[0].value
    for tab in ("Splits", "Changes", "Card", "Manifest"):
        at.segmented_control(key="datasets.tab").set_value(tab).run()
        assert not at.exception
        assert not at.error


def test_a_flipped_byte_is_named(workspace: Workspace, seeded, open_page) -> None:
    version_id = release(workspace, seeded["batch"])
    file = next(Path(workspace.home).rglob("train.parquet"))
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))
    at = open_page("datasets", version=version_id)
    at.button(key="datasets.verify").click().run()
    assert not at.exception
    assert "train" in at.error[0].value
