"""Encodings beside Python's codecs."""

import pytest
import webencodings

SAMPLES = {
    "utf-8": "grün 中文 😀", "windows-1252": "Zürich – 5 €", "iso-8859-2": "Łódź", "iso-8859-5": "Москва", "iso-8859-7": "Αθήνα",
    "iso-8859-15": "naïve €", "koi8-r": "Москва", "koi8-u": "Київ", "windows-1250": "Łódź", "windows-1251": "Москва",
    "windows-1253": "Αθήνα", "windows-1254": "İstanbul", "windows-1255": "שלום", "windows-1256": "سلام", "windows-1257": "Rīga",
    "windows-1258": "Đà", "windows-874": "ไทย", "shift_jis": "日本語", "euc-jp": "日本語", "iso-2022-jp": "日本語",
    "gbk": "中文", "gb18030": "中文😀", "big5": "中文", "euc-kr": "한국어", "ibm866": "Москва", "macintosh": "naïve",
}  # fmt: skip


def encoded(text, charset):
    """The text in the encoding, by Python."""
    return text.encode(webencodings.lookup(charset).codec_info.name)


@pytest.mark.parametrize("charset", SAMPLES)
def test_declared_in_header(filter, charset):
    page = b"<title>" + encoded(SAMPLES[charset], charset) + b"</title>"
    answer = ask(filter, page, contentType=f'text/html; charset="{charset.upper()}"')
    assert (answer["title"], answer["charset"], answer["replacements"]) == (SAMPLES[charset], charset, 0)


@pytest.mark.parametrize("charset", [name for name in SAMPLES if name != "iso-2022-jp"])
@pytest.mark.parametrize("meta", ["<meta charset={}>", "<!-- <meta charset=x> --><META content='a; charset={}' http-equiv=content-type>"])
def test_declared_in_page(filter, charset, meta):
    page = meta.format(charset).encode() + b"<title>" + encoded(SAMPLES[charset], charset) + b"</title>"
    answer = ask(filter, page)
    assert (answer["title"], answer["charset"], answer["replacements"]) == (SAMPLES[charset], charset, 0)


@pytest.mark.parametrize("label", sorted(webencodings.LABELS))
def test_label(filter, label):
    answer = ask(filter, b"<title>x</title>", contentType=f"text/html; charset={label}")
    expected = webencodings.LABELS[label]
    # Since then two encodings have become "replacement", for they were used for attacks.
    if expected in ("hz-gb-2312", "iso-2022-kr"):
        expected = "replacement"
    assert answer["charset"] == expected


@pytest.mark.parametrize("mark,codec", [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_byte_order_mark(filter, mark, codec):
    page = mark + "<title>grün 😀</title>".encode(codec)
    answer = ask(filter, page, contentType="text/html; charset=iso-8859-1")
    assert answer["title"] == "grün 😀"


def test_broken(filter):
    """Python and the Encoding Standard replace alike."""
    page = b"<title>a\xff\xc3(\xe2\x82z\xf0\x9f\x98\x80\xed\xa0\x80\xc3</title>"
    answer = ask(filter, page, contentType="text/html; charset=utf-8")
    inner = page[len("<title>") : -len("</title>")].decode("utf-8", "replace")
    assert (answer["title"], answer["replacements"]) == (inner, inner.count("\ufffd"))


def test_undeclared(filter):
    assert ask(filter, "<title>grün".encode())["title"] == "grün"
    assert ask(filter, "<title>grün".encode("cp1252"))["charset"] == "windows-1252"


def ask(filter, page, **rest):
    """What is extracted from a page without fields of interest."""
    return filter.ask("extract", page, url="http://localhost/", fields=[{"name": "t", "selector": "title"}], **rest)
