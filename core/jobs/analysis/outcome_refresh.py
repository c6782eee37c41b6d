"""Outcomes by group once more, with the verdicts, scores and languages as they are now.

Texts do not change, so the rest of a report stays true; these do, by checks and by reviewers.
"""

from dataclasses import replace

from core.db.workspace import Workspace
from core.insight.measuring import first_bias
from core.insight.records import Scope
from core.insight.row import report_row
from core.insight.storing import load_contents, store_contents
from core.jobs.records import read_material


def refresh_outcomes(workspace: Workspace, scope: Scope) -> None:
    """Bring the groups' shares and outcomes in a scope's report up to date. Raises NotFound."""
    fresh = first_bias(read_material(workspace, scope))
    with workspace.write() as session:
        row = report_row(session, scope.id)
        contents = load_contents(row)
        bias = replace(
            contents.bias, representation=fresh.representation, disparities=fresh.disparities
        )
        store_contents(row, replace(contents, bias=bias))
