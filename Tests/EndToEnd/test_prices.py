"""Prices leave the suite with the digits that the page has: nothing on the way makes doubles of them."""

import uuid

import job
import pytest
from running import Nginx

# What the page says, and what the file has of it.
PRICES = [
    ("€ 12.10", "12.10", "14.40"),
    ("99,999,999,999,999,999,999.99 EUR", "99999999999999999999.99", "118999999999999999999.99"),
    ("-0.00 EUR", "0.00", "0.00"),
    ("1.234,50 €", "1234.50", "1469.06"),
    ("EUR 0.1", "0.1", "0.12"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A page with a product for each price, and one whose price has more digits than any column holds."""
    folder = tmp_path_factory.mktemp("shop")
    products = [text for text, _, _ in PRICES] + ["EUR " + "9" * 39]
    rows = "".join(f"<li class=product><h2>p{n}</h2><b>{text}</b></li>" for n, text in enumerate(products))
    (folder / "index.html").write_text(f"<!doctype html><meta charset=utf-8><title>Shop</title><ul>{rows}</ul>")
    server = Nginx(tmp_path_factory.mktemp("nginx-shop"), {"/": f"{folder}/"})
    yield server
    server.end()


def test_prices_keep_their_digits(tenant, shop):
    _, started = job.start_job(tenant, {
        "displayName": f"shop {uuid.uuid4().hex[:8]}", "startUrls": [f"{shop.url}/"], "politeness": {"delay": "0s"},
        "extraction": {"recordSelector": "li.product", "fields": [
            {"name": "title", "selector": "h2"},
            {"name": "price", "selector": "b", "type": "FIELD_TYPE_MONEY"},
        ]}})
    ended = job.ended(tenant, started["name"])
    assert ended["state"] == "SCRAPE_JOB_STATE_SUCCEEDED", ended
    made, run = job.run_pipeline(tenant, {
        "displayName": "Prices", "input": {"scrapeJob": started["name"]},
        "steps": [
            {"filter": {"expression": "price != 7.77"}},
            {"derive": {"column": "gross", "expression": "math.round(price * 1.19, 2)"}},
            {"select": {"columns": ["title", "price", "price_currency", "gross"]}},
        ],
        "output": {"newDataset": {"displayName": "Prices"}}})
    dataset = tenant.get(f"/api/v1/{run['dataset']}")
    types = {column["name"]: column["type"] for column in dataset["schema"]["columns"]}
    assert (types["price"], types["gross"]) == ("COLUMN_TYPE_DECIMAL", "COLUMN_TYPE_DECIMAL"), types
    text = tenant.download(f"/api/v1/{run['dataset']}:export?format=FILE_FORMAT_CSV").content.decode()
    lines = [f"p{n},{price},EUR,{gross}" for n, (_, price, gross) in enumerate(PRICES)]
    assert text.splitlines() == ["title,price,price_currency,gross", *lines]
    rows = tenant.get(f"/api/v1/{run['dataset']}/rows?filter=price%20%3D%3D%2012.1")["rows"]
    assert rows == [{"title": "p0", "price": "12.10", "price_currency": "EUR", "gross": "14.40"}]
    # What no column holds is set aside with its text, not rounded.
    aside = list(tenant.list(f"/api/v1/{run['name']}/quarantined-rows", "quarantinedRows"))
    assert len(aside) == 1 and "9" * 39 in aside[0]["row"]["text"], aside
    assert "at most 38 digits" in aside[0]["message"], aside
