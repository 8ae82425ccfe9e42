"""A template loader that keeps each template once per language, with its constant parts written out.

A page has some fifty fixed texts, and Django translates, marks and escapes each anew for each reader. Here
that happens once, when a template is first read in a language. The fast nodes render the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.template import Context, Node, NodeList, Origin, Template
from django.template.base import TextNode, VariableNode
from django.template.defaulttags import CommentNode, LoadNode
from django.template.loaders import base, cached
from django.templatetags.i18n import TranslateNode
from django.utils.translation import get_language

from quetsach.portal.kit.fast_nodes import FAST_NODES


class _FoldedLoader(base.Loader):
    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template: Template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, _FoldedLoader):
    """Django's cached loader, with the language in use as part of the key."""

    def cache_key(self, template_name: str, skip: list[Origin] | None = None) -> str:
        """Django's key, with the language before it."""
        return f"{get_language()}:{super().cache_key(template_name, skip)}"


def fold(nodes: NodeList) -> None:
    """Replace, in place and in the language in use, nodes with the same output for all readers by it."""
    folded: list[Node] = []
    for node in nodes:
        text = _fixed_text(node)
        if text is None:
            for inner in _inside(node):
                fold(inner)
            node.__class__ = FAST_NODES.get(type(node), type(node))
            folded.append(node)
        elif folded and isinstance(folded[-1], TextNode):
            folded[-1] = _text_node(folded[-1].s + text, folded[-1])
        else:
            folded.append(_text_node(text, node))
    nodes[:] = folded


def _fixed_text(node: Node) -> str | None:
    if isinstance(node, TextNode):
        return node.s
    is_fixed = _IS_FIXED.get(type(node))
    if is_fixed is None or not is_fixed(node):
        return None
    escaped, plain = (str(node.render(Context(autoescape=way))) for way in (True, False))
    return escaped if escaped == plain else None


def _is_fixed_message(node: TranslateNode) -> bool:
    found = node.filter_expression
    is_constant = getattr(found.var, "lookups", ()) is None and not found.filters
    return is_constant and not node.asvar and not node.message_context


_IS_FIXED: dict[type[Node], Callable[[Any], bool]] = {
    TranslateNode: _is_fixed_message,
    CommentNode: lambda _node: True,
    LoadNode: lambda _node: True,
}


def _inside(node: Any) -> Iterable[NodeList]:
    if isinstance(node, VariableNode):
        return []
    branches = [branch for _condition, branch in getattr(node, "conditions_nodelists", [])]
    named = [getattr(node, name, None) for name in node.child_nodelists]
    return branches or [found for found in named if isinstance(found, NodeList)]


def _text_node(text: str, like: Any) -> TextNode:
    made: Any = TextNode(text)
    made.token, made.origin = like.token, like.origin
    return made  # type: ignore[no-any-return]
