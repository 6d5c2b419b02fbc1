"""Measures the shape of the code and prints it: the budget of the house, kept or not.

Budget: a module has at most 500 lines; a function at most 50, with at most 3 % exceptions
that are named in `ALLOWED_LONG`; the median function stays under 10 lines; everything is
annotated; no module hides behind a name that says nothing. Complexity (at most 10) and blind
excepts are ruff's business (C901, BLE001).

Run from the root of a checkout; exits with 1 and says what is wrong where.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODULE_LINES = 500
FUNCTION_LINES = 50
MEDIAN_LINES = 10
LONG_SHARE = 0.03
SWAMP_NAMES = frozenset(
    {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "service"}
)
ALLOWED_LONG: frozenset[str] = frozenset()
"""Functions over the limit that we live with: `path:name`. It only ever shrinks."""

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """One function: where it stands and how many lines it takes, decorators excluded."""

    where: str
    line: int
    lines: int
    typed: bool


@dataclass(frozen=True, slots=True)
class Module:
    """One module, its functions included."""

    path: str
    lines: int
    functions: tuple[Function, ...]


def modules(root: Path) -> list[Module]:
    """Every module under `root/src`, migrations excepted: Django writes those."""
    paths = sorted(path for path in (root / "src").rglob("*.py") if "migrations" not in path.parts)
    return [_module(path, path.relative_to(root).as_posix()) for path in paths]


def _module(path: Path, name: str) -> Module:
    source = path.read_text(encoding="utf-8")
    return Module(name, source.count("\n"), tuple(_functions(ast.parse(source), name)))


def _functions(tree: ast.AST, path: str) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, AnyFunction):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Function(f"{path}:{node.name}", node.lineno, lines, _is_typed(node))


def _is_typed(node: AnyFunction) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    named = [argument for argument in arguments if argument.arg not in {"self", "cls"}]
    extra = [argument for argument in (node.args.vararg, node.args.kwarg) if argument]
    return node.returns is not None and all(argument.annotation for argument in [*named, *extra])


def complaints(measured: list[Module]) -> Iterator[str]:
    """One sentence for each breach of the budget."""
    functions = [function for module in measured for function in module.functions]
    for module in measured:
        yield from _complaints_of_module(module)
    for function in functions:
        yield from _complaints_of_function(function)
    long = sum(function.lines > FUNCTION_LINES for function in functions)
    if long > LONG_SHARE * len(functions):
        share = f"more than {LONG_SHARE:.0%}"
        yield f"{long} of {len(functions)} functions are over {FUNCTION_LINES} lines: {share}"
    if statistics.median(function.lines for function in functions) >= MEDIAN_LINES:
        yield f"half of the functions take {MEDIAN_LINES} lines or more"
    for name in sorted(ALLOWED_LONG - {f.where for f in functions if f.lines > FUNCTION_LINES}):
        yield f"{name} is no longer over the limit: take it off ALLOWED_LONG"


def _complaints_of_module(module: Module) -> Iterator[str]:
    swamp = SWAMP_NAMES.intersection(Path(module.path).with_suffix("").parts)
    if swamp:
        yield f"{module.path}: “{min(swamp)}” says nothing; give the module the noun of what it holds"
    if module.lines > MODULE_LINES:
        yield f"{module.path}: {module.lines} lines, at most {MODULE_LINES}"


def _complaints_of_function(function: Function) -> Iterator[str]:
    if function.lines > FUNCTION_LINES and function.where not in ALLOWED_LONG:
        yield f"{function.where} (line {function.line}): {function.lines} lines, at most {FUNCTION_LINES}"
    if not function.typed:
        yield f"{function.where} (line {function.line}): not fully annotated"


def table(measured: list[Module]) -> str:
    """The budget beside what was measured."""
    functions = [function for module in measured for function in module.functions]
    sizes = sorted(function.lines for function in functions)
    longest_module = max(measured, key=lambda module: module.lines)
    longest = max(functions, key=lambda function: function.lines)
    over = sum(size > FUNCTION_LINES for size in sizes) / len(sizes)
    typed = sum(function.typed for function in functions) / len(functions)
    rows = [
        ("", "measured", "budget", ""),
        ("modules", f"{len(measured)}", "", ""),
        ("functions", f"{len(functions)}", "", ""),
        ("longest module", f"{longest_module.lines}", f"≤ {MODULE_LINES}", longest_module.path),
        ("longest function", f"{longest.lines}", f"≤ {FUNCTION_LINES}", longest.where),
        ("functions over the limit", f"{over:.1%}", f"≤ {LONG_SHARE:.0%}", ""),
        ("median function", f"{statistics.median(sizes):g}", f"< {MEDIAN_LINES}", ""),
        ("95th percentile", f"{sizes[int(0.95 * (len(sizes) - 1))]}", "", ""),
        ("annotated functions", f"{typed:.0%}", "100%", ""),
    ]
    return "\n".join(
        f"{name:<26}{seen:>9}  {budget:<7}{where}".rstrip() for name, seen, budget, where in rows
    )


def main(root: Path) -> int:
    """Prints the table, then what breaks the budget; returns the exit code."""
    measured = modules(root)
    wrong = list(complaints(measured))
    print("Shape budget\n" + table(measured))
    for complaint in wrong:
        print(f"BROKEN  {complaint}")
    print("Shape budget " + ("broken." if wrong else "kept."))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
