"""What may stand in braces: variables, filters, conditions, and nothing that runs, reaches, or grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.content import variables
from broadcasts.content.marks import NotCompiled
from broadcasts.content.variables import TemplateError
from tests.broadcasts.content.making import PLAIN, compiled, content, filled, text

SHOWN: list[tuple[str, dict[str, str], str]] = [
    ("{{ name }}", {"name": "Anna"}, "Anna"),
    ("{{name}}, {{- name}}", {"name": "Anna"}, "Anna,Anna"),
    ("{{ name }}.", {}, "."),
    ('{{ name | default("friend") }}', {}, "friend"),
    ('{{ name | default("friend") }}', {"name": ""}, "friend"),
    ('{{ name | default("friend", true) }}', {"name": "Anna"}, "Anna"),
    ("{{ name | d('}}') }}", {}, "}}"),
    ('{{ name | default(nick) | default("x") }}', {"nick": "Nick"}, "Nick"),
    ("{{ name | upper }} {{ name | title }}", {"name": "anna lee"}, "ANNA LEE Anna Lee"),
    ("{{ name | trim | capitalize }}", {"name": " anna "}, "Anna"),
    ("{{ name | truncate(4) }}", {"name": "Alexandra"}, "Ale…"),
    ("{{ name or nick or 'x' }}", {"nick": "Nick"}, "Nick"),
    ("{{ 'Mr' if sex == 'm' else 'Ms' }}", {"sex": "m"}, "Mr"),
    ("{{ 'Mr' if sex == 'm' else 'Ms' }}", {}, "Ms"),
    ("{% if vip %}gold{% else %}grey{% endif %}", {"vip": "1"}, "gold"),
    ("{% if vip %}gold{% else %}grey{% endif %}", {}, "grey"),
    ("{% if a %}1{% elif b is defined %}2{% else %}3{% endif %}", {"b": "x"}, "2"),
    ("{% if a %}{% if b %}both{% else %}a{% endif %}{% endif %}", {"a": "1"}, "a"),
    ("{% if city in 'Moscow, Tver' and city %}near{% endif %}!", {"city": "Tver"}, "near!"),
    ("{% if city is undefined %}where?{% endif %}", {}, "where?"),
    ("{# a note #}{% raw %}{{ name }}{% endraw %}", {"name": "Anna"}, "{{ name }}"),
    ("{{ our_company }} {{ our_company | upper }}", {"our_company": "Evil"}, "Acme & Sons ACME & SONS"),
    ("{{ unsubscribe }}", {"unsubscribe": "https://evil.shop"}, "https://go.acme.shop/u/k3y"),
    ("5 > 3, { a }, 100 %, }}", {}, "5 > 3, { a }, 100 %, }}"),
]


@pytest.mark.parametrize(("template", "values", "expected"), SHOWN)
def test_what_is_shown(template: str, values: dict[str, str], expected: str) -> None:
    given_ = content(variants={"sms": {"text": template}})
    assert compiled(given_, "sms").fill(values, PLAIN).text == expected


ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ name.__class__ }}",
    "{{ name.upper() }}",
    "{{ name['upper']() }}",
    "{{ name[0] }}",
    "{{ name[::-1] }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner }}{{ joiner() }}",
    "{{ lipsum() }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace(a=1) }}",
    "{{ range(1000000000) }}",
    "{{ dict(a=1) }}",
    "{{ config }}{{ config.items() }}",
    "{{ request.application }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ caller() }}",
    "{{ loop }}",
    "{{ _private }}",
    "{{ __builtins__ }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 1 // 0 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ '%s' % name }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '{0.__class__}' | format(name) }}",
    "{{ name | center(1000000000) }}",
    "{{ name | indent(1000000000) }}",
    "{{ name | wordwrap(1) }}",
    "{{ name | replace('', 'aaaa') }}",
    "{{ name | list }}",
    "{{ name | map('upper') }}",
    "{{ name | join('x') }}",
    "{{ name | safe }}",
    "{{ name | tojson }}",
    "{{ name | pprint }}",
    "{{ name | xmlattr }}",
    "{{ name | random }}",
    "{{ name | truncate(-1) }}",
    "{{ name | truncate(name) }}",
    "{{ name | truncate(length=5) }}",
    "{{ name | default(*names) }}",
    "{{ name | default(**names) }}",
    "{{ name is callable }}",
    "{{ name is sameas(name) }}",
    "{{ name > 'a' }}",
    "{{ 5 in name }}",
    "{{ [name] }}",
    "{{ {'a': name} }}",
    "{{ (name, name) }}",
    "{{ name, name }}",
    "{{ unsubscribe | upper }}",
    "{% for a in b %}x{% endfor %}",
    "{% set a = 1 %}",
    "{% include 'etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% macro a() %}{% endmacro %}",
    "{% call a() %}{% endcall %}",
    "{% filter upper %}{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape false %}{{ name }}{% endautoescape %}",
    "{% do a %}",
    "{% print(a) %}",
    "{% debug %}",
    "{% if name.__class__ %}x{% endif %}",
    "{% if lipsum() %}x{% endif %}",
    "{{ name }",
    "{{ }}",
    "{{ name",
    "{{ 'name }}",
    "{% if %}x{% endif %}",
    "{% if a %}x",
    "{% endif %}",
    "{% else %}",
    "{% if a %}x{% else %}y{% else %}z{% endif %}",
    "{% if a %}x{% else %}y{% elif b %}z{% endif %}",
    "{{ " + "(" * 100 + "a" + ")" * 100 + " }}",
    "{{ " + "not " * 2000 + "a }}",
    "{{ a" + " | upper" * 1000 + " }}",
    "{{ a }}" * 201,
    "{% if a %}" * 6 + "{% endif %}" * 6,
    "{% if a %}" * 190 + "{% endif %}" * 190,
]


@pytest.mark.parametrize("template", ESCAPES, ids=lambda one: one[:40])
def test_the_sandbox_holds(template: str) -> None:
    with pytest.raises(NotCompiled):
        compiled(content(text(template)))
    with pytest.raises(NotCompiled):
        compiled(content(variants={"sms": {"text": template}}), "sms")


fragments = st.sampled_from(
    "{{ }} {% %} {# #} if else endif name . _ [ ] ( ) | default upper ' \" 1 ~ * , = == in not - : for set \\ \n".split(
        " "
    )
)


@given(st.lists(fragments, max_size=12).map(" ".join))
def test_anything_is_a_template_or_is_refused(source: str) -> None:
    try:
        found = list(variables.names(source))
    except TemplateError:
        return
    assert all(name.isidentifier() and not name.startswith("_") for name, _ in found)
    filled(content(variants={"sms": {"text": source}}), "sms", name="x")


USED = [
    ("{{ a }}", {"a": False}),
    ('{{ a | default("x") }}', {"a": True}),
    ("{{ a | upper }}", {"a": False}),
    ('{{ a | upper | default("x") }}', {"a": True}),
    ("{{ a | default(b) }}", {"a": True, "b": False}),
    ("{% if a %}{{ a }}{% endif %}", {"a": True}),
    ("{% if a and b is defined %}{{ a }}{{ b }}{% endif %}", {"a": True, "b": True}),
    ("{% if a or b %}{{ a }}{% endif %}", {"a": False, "b": True}),
    ("{% if a %}x{% else %}{{ a }}{% endif %}", {"a": False}),
    ("{% if a %}x{% endif %}{{ a }}", {"a": False}),
    ("{% if a %}{% if b %}{{ a | upper }}{% endif %}{% endif %}", {"a": True, "b": True}),
    ("{{ a if a else 'x' }}", {"a": True}),
    ("{{ a if b else 'x' }}", {"a": False, "b": True}),
    ("{{ a or 'x' }}", {"a": True}),
    ("{{ a or b }}", {"a": True, "b": False}),
]


@pytest.mark.parametrize(("template", "expected"), USED)
def test_which_variables_may_leave_a_gap(template: str, expected: dict[str, bool]) -> None:
    found: dict[str, bool] = {}
    for name, held in variables.names(template):
        found[name] = found.get(name, True) and held
    assert found == expected


def test_the_variables_of_a_channel() -> None:
    given_ = content(
        text("{{ a }} {% if b == 'x' %}{{ c | d('y') }}{% endif %} [z](https://acme.shop/{{ e }}) {{ our_site }}"),
        {"type": "footer", "text": "{{ unsubscribe }}"},
        subject="{{ f }}",
        variants={"sms": {"text": "{{ g }}"}},
    )
    assert compiled(given_).variables == set("abcef")
    assert compiled(given_, "telegram").variables == set("abce")
    assert compiled(given_, "sms").variables == {"g"}


def test_a_default_of_the_content_stands_in() -> None:
    given_ = content(text("{{ city }} {{ city | upper }} {% if city %}yes{% endif %}"), variables={"city": "Tver"})
    assert filled(given_).text == "Tver TVER yes"
    assert filled(given_, city="Omsk").text == "Omsk OMSK yes"


@pytest.mark.parametrize(
    "markdown",
    ["**a {% if b %}c** d{% endif %}", "one {% if b %}two\n\nthree{% endif %} four", "- a {% if b %}\n- b {% endif %}"],
)
def test_a_condition_does_not_cut_through_elements(markdown: str) -> None:
    with pytest.raises(NotCompiled) as caught:
        compiled(content(text(markdown)))
    assert caught.value.key == "cut"


def test_a_condition_may_hold_paragraphs() -> None:
    given_ = content(text("One\n\n{% if b %}\n\n**Two**\n\nThree\n\n{% endif %}\n\nFour"))
    assert filled(given_, b="1").text == "One\n\nTwo\n\nThree\n\nFour"
    assert filled(given_).text == "One\n\nFour"
    assert "<p" in filled(given_, b="1").html and "Three" not in filled(given_).html
    assert filled(given_, "telegram", b="1").html == "One\n\n<b>Two</b>\n\nThree\n\nFour"
