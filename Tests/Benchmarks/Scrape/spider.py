"""The same job for Scrapy: follows a site's links, takes two fields of each page, and keeps them in SQLite.

spider.py URL PAGES FILE
"""

import sqlite3
import sys
import time
from urllib.parse import urlparse

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor

start_url, limit, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Store:
    """Records as they come, committed by the hundred."""

    def open_spider(self, spider):
        self.database = sqlite3.connect(file)
        self.database.execute("CREATE TABLE records (url TEXT PRIMARY KEY, title TEXT, section TEXT)")
        self.count = 0

    def process_item(self, item, spider):
        self.database.execute("INSERT INTO records VALUES (?, ?, ?)", (item["url"], item["title"], item["section"]))
        self.count += 1
        if self.count % 100 == 0:
            self.database.commit()
        return item

    def close_spider(self, spider):
        self.database.commit()


class Spider(scrapy.Spider):
    name = "bench"
    start_urls = [start_url]
    links = LinkExtractor(allow_domains=[urlparse(start_url).hostname])
    seen = 0

    def parse(self, response):
        if self.seen >= limit or not isinstance(response, scrapy.http.HtmlResponse):
            return
        self.seen += 1
        yield {
            "url": response.url, "title": " ".join(response.css("h1 ::text").getall()).strip(),
            "section": " ".join(response.css("title::text").getall()).strip()}
        for link in self.links.extract_links(response):
            yield response.follow(link, self.parse)


process = CrawlerProcess({
    "ROBOTSTXT_OBEY": True, "LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0, "CLOSESPIDER_PAGECOUNT": limit, "ITEM_PIPELINES": {Store: 1}, "TELNETCONSOLE_ENABLED": False,
    "RETRY_ENABLED": True, "HTTPCACHE_ENABLED": False,
})
process.crawl(Spider)
begin = time.monotonic()
process.start()
print(time.monotonic() - begin)
