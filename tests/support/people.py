"""People with roles, for services that need somebody to ask."""

from __future__ import annotations

from pathlib import Path

from serving.roles import Role, token_hash


def token_of(*roles: Role) -> str:
    """The token of the person who has exactly these roles."""
    return "-".join(sorted(roles)) + "-token"


def login(*roles: Role) -> dict[str, str]:
    """The header by which that person is known."""
    return {"Authorization": f"Bearer {token_of(*roles)}"}


def write_tokens(folder: Path, *people: tuple[Role, ...]) -> Path:
    """A file of tokens: one person a combination of roles; everybody has one role by default."""
    path = folder / "tokens.yaml"
    lines = [
        f"- {{name: {'-'.join(sorted(roles))}@shop, roles: [{', '.join(roles)}], "
        f"sha256: '{token_hash(token_of(*roles))}'}}\n"
        for roles in people or tuple((role,) for role in Role)
    ]
    path.write_text("".join(lines), encoding="utf-8")
    path.chmod(0o600)
    return path
