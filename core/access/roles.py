"""What a role allows. Checked where the change is made, in the same transaction, not in pages."""

from sqlalchemy.orm import Session

from core.db.tables import User
from core.errors import AccessDenied

ADMIN = "admin"


def require_admin(session: Session, user_id: str) -> None:
    """Raises AccessDenied unless this user exists and is an admin. The local admin is one."""
    user = session.get(User, user_id)
    if user is None or user.role != ADMIN:
        raise AccessDenied(
            f"The user {user_id!r} is not an admin.", remedy="Ask an admin to do this."
        )
