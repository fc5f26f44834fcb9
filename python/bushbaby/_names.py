"""What the names in a file's syntax tree mean, as far as its imports tell; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Names that `from bushbaby import *` brings along and that matter here.
STAR = ("stage", "Stage", "Source", "Frame", "Image", "Box", "Tag", "Pose", "Text", "Mask")

_OPTIONAL = ("typing.Optional", "typing.Union")
_TRANSPARENT = ("typing.Annotated", "typing.Final", "typing.Required")
_TEXTS = ("str", "pathlib.Path", "pathlib.PurePath", "os.PathLike")
_LISTS = (
    *("list", "tuple", "set", "frozenset", "typing.List", "typing.Tuple", "typing.Set"),
    *(f"{module}.{name}" for module in ("typing", "collections.abc") for name in ("Sequence", "Iterable", "Collection")),
)
_OBJECTS = ("dict", "typing.Dict", "typing.Mapping", "collections.abc.Mapping", "typing.TypedDict")
PICTURES = ("numpy.ndarray", "numpy.typing.NDArray", "bushbaby.Image")


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module that run when it is imported, those inside of `if`, `try` and `with` included."""
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        yield statement
        inner: list[ast.stmt] = []
        if isinstance(statement, (ast.If, ast.Try, ast.With, ast.TryStar)):
            inner += statement.body
            inner += getattr(statement, "orelse", [])
            for handler in getattr(statement, "handlers", []):
                inner += handler.body
            inner += getattr(statement, "finalbody", [])
        waiting += reversed(inner)


class Names:
    """Meanings of a module's names: `bb.Frame` is `bushbaby.Frame` after `import bushbaby as bb`."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self._means: dict[str, str] = {}
        for statement in statements(body):
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    top = alias.name.split(".")[0]
                    self._means[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
                for alias in statement.names:
                    if alias.name == "*" and statement.module == "bushbaby":
                        self._means.update({name: f"bushbaby.{name}" for name in STAR})
                    elif alias.name != "*":
                        self._means[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
            elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                meaning = self.meaning(statement.value)
                if isinstance(target, ast.Name) and meaning and "." in meaning:
                    self._means[target.id] = meaning

    def meaning(self, node: ast.expr | None) -> str:
        """Dotted name of what an expression names; empty when it is no name."""
        trail: list[str] = []
        while isinstance(node, ast.Attribute):
            trail.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self._means.get(node.id, node.id), *reversed(trail)])

    def members(self, annotation: ast.expr | None) -> list[ast.expr]:
        """The types that an annotation allows: both sides of `|`, what stands in `Optional[…]`; an absent one allows none."""
        found: list[ast.expr] = []
        waiting = [annotation]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                try:
                    waiting.append(ast.parse(node.value.strip(), mode="eval").body)
                except SyntaxError:
                    found.append(node)
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
                waiting += [node.right, node.left]
            elif isinstance(node, ast.Subscript) and self.meaning(node.value) in _OPTIONAL:
                inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                waiting += reversed(inner)
                if self.meaning(node.value) == "typing.Optional":
                    found.append(ast.Constant(None))
            elif isinstance(node, ast.Subscript) and self.meaning(node.value) in _TRANSPARENT:
                waiting.append(node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice)
            elif node is not None:
                found.append(node)
        return found

    def type_name(self, node: ast.expr) -> str:
        """Dotted name of a type, without what stands in its brackets."""
        return self.meaning(node.value if isinstance(node, ast.Subscript) else node)

    def is_frame(self, annotation: ast.expr | None) -> bool:
        """Whether an annotation is `bb.Frame`, or one that may be absent."""
        return any(self.type_name(member) == "bushbaby.Frame" for member in self.members(annotation))

    def takes(self, annotation: ast.expr | None) -> str:
        """Which values of the file a setting with this annotation takes, as a name of `Takes`."""
        found = {self._takes_one(member) for member in self.members(annotation) if not is_none(member)}
        if found == {"integer", "number"}:
            return "number"
        return found.pop() if len(found) == 1 else "anything"

    def _takes_one(self, node: ast.expr) -> str:
        name = self.type_name(node)
        if name == "typing.Literal" and isinstance(node, ast.Subscript):
            values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            kinds = {type(value.value) if isinstance(value, ast.Constant) else object for value in values}
            return {str: "text", int: "integer", bool: "boolean"}.get(kinds.pop(), "anything") if len(kinds) == 1 else "anything"
        for names, takes in ((_TEXTS, "text"), (_LISTS, "list"), (_OBJECTS, "object")):
            if name in names:
                return takes
        return {"int": "integer", "float": "number", "bool": "boolean"}.get(name, "anything")


def is_none(node: ast.expr) -> bool:
    """Whether an annotation's member is `None`."""
    return isinstance(node, ast.Constant) and node.value is None
