"""CEF, LEEF, key=value and CSV, with the escapes and the faults that real devices write."""

from __future__ import annotations

import pytest

from integrations.contract import UnparsedError
from integrations.notations import MOST_FIELDS, read_cef, read_csv, read_leef, read_pairs


def test_cef_escapes_in_header_and_extension() -> None:
    cef = read_cef(
        r"CEF:0|a\|b|c\\|1|7|x|5|msg=one\=1 two\nthree path=C:\\x\\y url=http://e.example/?a=1&b=2 k="
    )
    assert (cef.vendor, cef.product) == ("a|b", "c\\")
    assert cef.extension == {
        "msg": "one=1 two\nthree", "path": "C:\\x\\y", "url": "http://e.example/?a=1&b=2", "k": "",
    }  # fmt: skip


def test_cef_labels_name_custom_fields() -> None:
    cef = read_cef("CEF:0|a|b|1|7|x|5|cs1=v cs1Label=Rule cn1=3 cn2Label=left over")
    assert cef.labelled() == {"Rule": "v", "cn1": "3", "cn2Label": "left over"}


@pytest.mark.parametrize("text", ["no", "CEF:0|a|b", "CEF:", ""])
def test_no_cef_says_what_it_lacks(text: str) -> None:
    with pytest.raises(UnparsedError, match="CEF"):
        read_cef(text)


@pytest.mark.parametrize(
    "text",
    ["LEEF:1.0|a|b|1|7|k=v\tx=y z", "LEEF:2.0|a|b|1|7|^|k=v^x=y z", "LEEF:2.0|a|b|1|7|0x5E|k=v^x=y z",
     "LEEF:2.0|a|b|1|7|x5e|k=v^x=y z", "LEEF:2.0|a|b|1|7|\t|k=v\tx=y z"],
)  # fmt: skip
def test_leef_delimiters(text: str) -> None:
    assert read_leef(text).attributes == {"k": "v", "x": "y z"}


def test_no_leef_says_what_it_lacks() -> None:
    with pytest.raises(UnparsedError, match="LEEF header"):
        read_leef("LEEF:1.0|a|b")


def test_pairs_are_quoted_or_bare_and_the_first_counts() -> None:
    assert read_pairs(r'''a=1 b="two \"2\" words" c='three' d= e=x,f=y; a=9 =z''') == {
        "a": "1", "b": 'two "2" words', "c": "three", "d": "", "e": "x", "f": "y",
    }  # fmt: skip


def test_no_record_has_fields_without_end() -> None:
    text = " ".join(f"k{at}=v" for at in range(5 * MOST_FIELDS))
    assert len(read_pairs(text)) == MOST_FIELDS
    assert len(read_cef(f"CEF:0|a|b|1|7|x|5|{text}").extension) == MOST_FIELDS


def test_csv_is_one_record() -> None:
    assert read_csv('a,"b, ""c""",,d\n') == ["a", 'b, "c"', "", "d "]
    assert read_csv("") == []
