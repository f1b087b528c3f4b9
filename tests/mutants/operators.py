"""What is changed in a syntax tree: one small thing at a time, as somebody might get it wrong."""

import ast
from collections.abc import Iterator, Mapping
from typing import Final

Change = tuple[ast.AST, ast.AST]
"""A node of the tree, and what stands in its place."""

_COMPARISONS: Final[Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_METHODS: Final = {"popleft": "pop"}
_TRUE: Final = ast.Constant(True)


def changes(node: ast.AST) -> Iterator[Change]:
    """Yield the changes to be made at this node, those of its children not included."""
    match node:
        case ast.stmt():
            yield from _of_statement(node)
        case ast.expr():
            for replacement in _of_expression(node):
                yield node, replacement
    for condition in _conditions(node):
        yield condition, ast.UnaryOp(ast.Not(), condition)
    for condition in _filters(node):
        yield condition, _TRUE


def _of_statement(node: ast.stmt) -> Iterator[Change]:
    match node:
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Delete() | ast.Raise():
            yield node, ast.Pass()
        case ast.Break() | ast.Continue():
            yield node, ast.Pass()
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in _ARITHMETIC:
            yield node, ast.AugAssign(target, _ARITHMETIC[type(op)](), value)
            yield node, ast.Pass()
        case ast.Assign(targets=targets, value=value) if all(map(_is_kept, targets)):
            yield node, ast.Pass()
            for fewer in _fewer(targets, value):
                yield node, fewer
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield node, ast.Return(ast.Constant(None))


def _of_expression(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right):
            for other in _COMPARISONS[type(op)]:
                yield ast.Compare(left, [other()], right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for left_out in values:
                rest = [one for one in values if one is not left_out]
                yield ast.BoolOp(op, rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(left=before, op=operator, right=after) if type(operator) in _ARITHMETIC:
            yield ast.BinOp(before, _ARITHMETIC[type(operator)](), after)
        case ast.Constant(value=value):
            yield from _other_constants(value)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _NAMES:
            yield ast.Call(ast.Name(_NAMES[name]), args, keywords)
        case ast.Attribute(value=of, attr=name) if name in _METHODS:
            yield ast.Attribute(of, _METHODS[name])


def _other_constants(value: object) -> Iterator[ast.expr]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int():
            yield ast.Constant(value + 1)
        case float():
            yield ast.Constant(value * 2 or 1.0)


def _conditions(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the condition of a statement, unless a change of its own turns it around already."""
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if isinstance(test, ast.Name | ast.Attribute | ast.Call):
                yield test


def _filters(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.comprehension(ifs=conditions):
            yield from conditions
        case ast.match_case(guard=ast.expr() as guard):
            yield guard


def _is_kept(target: ast.expr) -> bool:
    """Whether what is assigned outlives the function; a local variable would only be missing."""
    if isinstance(target, ast.Tuple):
        return all(map(_is_kept, target.elts))
    return isinstance(target, ast.Attribute | ast.Subscript)


def _fewer(targets: list[ast.expr], value: ast.expr) -> Iterator[ast.stmt]:
    """Yield assignments to all targets but one."""
    if len(targets) > 1:
        for left_out in targets:
            yield _assign([one for one in targets if one is not left_out], value)
    match targets, value:
        case [ast.Tuple(elts=names)], ast.Tuple(elts=values) if len(names) == len(values):
            for number in range(len(names)):
                yield _assign(
                    [ast.Tuple(names[:number] + names[number + 1 :], ast.Store())],
                    ast.Tuple(values[:number] + values[number + 1 :], ast.Load()),
                )


def _assign(targets: list[ast.expr], value: ast.expr) -> ast.Assign:
    return ast.Assign(targets, value, lineno=0)
