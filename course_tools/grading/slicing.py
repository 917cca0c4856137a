"""Finds, from names alone, the cells that a notebook's exercises need, so that grading runs nothing else.

Kept, as a lesson runs for half a minute and most exercises need little of it. From the names that checks ask for, it goes back
to the statements that bind them or may change their values, and so on; it takes too much rather than too little.
"""

import ast
import re
import symtable
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

from IPython.core.inputtransformer2 import TransformerManager

BLIND = {"exec", "eval", "globals", "locals"}  # what these use or bind, no name says
TIMED = re.compile(r"^(\s*)%%?(?:time|timeit)\b(?: +-\w+ *\d*)*", re.MULTILINE)
CAPTURE = re.compile(r"^%%capture\b(?: +--[\w-]+)* *(\w*)")
BINDING = "run|pylab|sc|store|reset|reset_selective|xdel|macro|edit|ed|rerun|recall|rep|paste|cpaste|load|prun"
BINDING += "|debug|time|timeit|capture"  # these run code that they are given as text
# IPython, unless it is a shell line or a magic that binds no names, as %%bash --out x does:
MAGIC = rf"run_(?:line|cell)_magic\('(?!(?:{BINDING})'|.*--(?:out|err|proc)\b)\w+', "
UNSEEN = re.compile(rf"get_ipython\b(?!\(\)\.(?:(?:system|getoutput|show_usage)\(|{MAGIC}))")
SETTING = re.compile(r"set|seed")  # how calls begin that change a module: np.random.seed, np.seterr, tf.random.set_seed


@dataclass
class Part:
    """A statement, or a whole cell, with the top-level names in it."""

    cell: int
    source: str
    binds: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)  # of these, not modules, functions or classes
    uses: set[str] = field(default_factory=set)  # looked up while it runs
    later: set[str] = field(default_factory=set)  # looked up when what it defines is called
    changes: set[str] = field(default_factory=set)  # whose value it may change without binding them
    sets: set[str] = field(default_factory=set)  # modules in which it sets something
    functions: dict[str, set[str]] = field(default_factory=dict)  # that it defines, and what their bodies mention
    blind: bool = False  # what it binds or uses cannot be seen
    always: bool = False  # it binds names that cannot be seen, or is not Python and its error says so


def steps(cells: list[str], lesson: Iterable[str], asked: dict[str, set[str]]) -> list[tuple[str, int, str]]:
    """What to do, in order: ("run", number of the cell, code) and ("check", number of the cell, exercise).

    `cells` are a student's code cells, `lesson` those that students get; `asked` has the names that each exercise's checks ask
    for. Of the lesson's own cells only the statements that are needed are run, of all others whole cells. An exercise is
    checked where its check is, but not before the student's cells that answer it.
    """
    unchanged, parts = set(lesson), []
    for number, cell in enumerate(cells):
        parts += _parts(number, cell, whole=cell not in unchanged)
    chosen = _needed(parts, set().union(*asked.values()))
    found = [(part.cell, 0, "run", part.source) for part in parts if id(part) in chosen]
    for exercise, names in asked.items():
        check = re.compile(rf"""\bgrader\.check\(\s*["']{exercise}["']""")
        checked = [number for number, cell in enumerate(cells) if check.search(cell)]
        answered = [part.cell for part in parts if part.binds & names and cells[part.cell] not in unchanged]
        found.append((max(checked + answered, default=len(cells)), 1, "check", exercise))
    return [(what, cell, text) for cell, _, what, text in sorted(found, key=lambda step: step[:2])]


def _needed(parts: list[Part], wanted: set[str]) -> set[int]:
    """The ids of the parts that bind `wanted`, with all that these need; of all parts if one of them is blind."""
    if any(part.blind for part in parts):
        return {id(part) for part in parts}
    variables = set().union(*(part.variables for part in parts))
    mentions: dict[str, set[str]] = {}
    for part in parts:
        for name, inside in part.functions.items():
            mentions[name] = mentions.get(name, set()) | inside
    chosen, before = set(), None
    while before != len(chosen):
        before = len(chosen)
        for part in parts:
            gives = part.binds | part.sets | (_reached(part.changes, mentions) & variables)
            if id(part) not in chosen and (part.always or gives & wanted):
                chosen.add(id(part))
                wanted = wanted | part.uses | part.later
    return chosen


def _reached(names: set[str], mentions: dict[str, set[str]]) -> set[str]:
    """`names`, and all that the functions among them mention, and so on."""
    reached, queue = set(names), list(names)
    while queue:
        new = mentions.get(queue.pop(), set()) - reached
        reached |= new
        queue += new
    return reached


def _parts(number: int, cell: str, whole: bool) -> list[Part]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash too many in a student's text
            code = CAPTURE.sub(lambda match: f"{match[1]} = 0" if match[1] else "", TIMED.sub(r"\1", cell))
            tree = ast.parse(TransformerManager().transform_cell(code))
            parts = [_part(number, node) for node in tree.body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [Part(number, cell, always=True)]
    if not whole:
        return parts
    together, surely_bound = Part(number, cell), set()
    for node, part in zip(tree.body, parts, strict=True):
        for name in ("binds", "variables", "later", "changes", "sets", "functions", "blind", "always"):
            setattr(together, name, getattr(together, name) | getattr(part, name))
        together.uses |= part.uses - surely_bound
        if not isinstance(node, ast.If | ast.While | ast.Try | ast.AugAssign):
            surely_bound |= part.binds
    return [together]


def _part(number: int, node: ast.stmt) -> Part:
    code = ast.unparse(node)
    part, table = Part(number, code), symtable.symtable(code, "cell", "exec")
    symbols = {symbol.get_name(): symbol for symbol in table.get_symbols()}
    bound = {name for name, it in symbols.items() if it.is_assigned() or it.is_imported() or it.is_namespace()}
    part.uses = {name for name, symbol in symbols.items() if symbol.is_referenced()}
    part.later, assigned = _inside(table)
    part.binds = bound | assigned
    part.blind = bool((part.uses | part.later) & BLIND) or bool(UNSEEN.search(code))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        part.functions[node.name] = part.later
        part.variables = assigned
    elif isinstance(node, ast.Import | ast.ImportFrom):
        part.always = any(alias.name == "*" for alias in node.names)
    else:
        part.variables = set(part.binds)
        part.changes, part.sets = _changed(node)
    if isinstance(node, ast.For):  # its variables are bound before they are used
        inner = {name for loop in ast.walk(node) if isinstance(loop, ast.For) for name in _names(loop.target)}
        part.uses -= inner - _names(node.iter)
    return part


def _inside(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """The global names that functions, classes and comprehensions in `table` mention, and those that they assign."""
    mentioned, assigned = set(), set()
    for scope in table.get_children():
        names = [symbol for symbol in scope.get_symbols() if symbol.is_global()]
        deeper = _inside(scope)
        mentioned |= {symbol.get_name() for symbol in names} | deeper[0]
        assigned |= {symbol.get_name() for symbol in names if symbol.is_assigned()} | deeper[1]
    return mentioned, assigned


def _changed(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Names whose value `statement` may change: those in calls, and those stored into; and modules that it sets."""
    changed, sets = set(), set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            changed |= _names(node)
            if isinstance(node.func, ast.Attribute) and SETTING.match(node.func.attr):
                sets |= _names(node.func)
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed |= _names(node.value)
            sets |= _names(node.value)
    return changed, sets


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
