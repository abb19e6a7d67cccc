import Testing

@testable import CollectTool

@Suite("What is asked of the suite") struct CollectPlanTests {
    private func plan(_ url: String = "http://127.0.0.1:8080/docs/", _ fields: String...) throws -> CollectPlan {
        CollectPlan(url: url, fields: try fields.map { try FieldSpecification($0) }, output: "out/pages.csv")
    }

    @Test("A scraper stays in the folder where it begins") func scope() throws {
        #expect(CollectPlan.folder("http://a/docs/") == "^/docs/")
        #expect(CollectPlan.folder("http://a/docs/index.html?x=/y/") == "^/docs/")
        #expect(CollectPlan.folder("http://a/a.b/(c)/d") == "^/a\\.b/\\(c\\)/")
        #expect(CollectPlan.folder("http://a") == nil)
        #expect(CollectPlan.folder("http://a/x") == nil)
        var plan = try plan("http://127.0.0.1:8080/docs/", "title=h1")
        #expect(plan.scraper["scope"]["includePaths"] == ["^/docs/"])
        plan.include = ["/a", "/b"]
        #expect(plan.scraper["scope"]["includePaths"] == ["/a", "/b"])
    }

    @Test("Fields, limits and politeness are what the contract calls them") func scraper() throws {
        var plan = try plan("http://site/", "title!=h1", "image:url=img@src", "tags[]=.tag", "when:time=time")
        (plan.limit, plan.delay, plan.rowSelector) = (500, 0.25, "article")
        let scraper = plan.scraper
        #expect(scraper["startUrls"] == ["http://site/"] && scraper["limits"]["pages"].count == 500)
        #expect(scraper["politeness"]["delay"].text == "0.25s")
        #expect(scraper["scope"]["includePaths"] == .null)
        let fields = scraper["extraction"]["fields"].elements
        #expect(fields[0]["required"].isTrue && fields[0]["type"].text == "FIELD_TYPE_TEXT")
        #expect(fields[1]["attribute"].text == "src" && fields[1]["type"].text == "FIELD_TYPE_URL")
        #expect(fields[2]["list"].isTrue && fields[3]["type"].text == "FIELD_TYPE_DATE_TIME")
        #expect(scraper["extraction"]["recordSelector"].text == "article")
        plan.delay = 0
        #expect(plan.scraper["politeness"]["delay"].text == "0s")
    }

    @Test("What has to be there is a rule of the pipeline") func pipeline() throws {
        let plan = try plan("http://site/", "title!=h1", "price:money!=.p", "tags[]!=.tag", "note=.n")
        let pipeline = plan.pipeline(job: "scrape-jobs/1")
        #expect(pipeline["input"]["scrapeJob"].text == "scrape-jobs/1")
        let rules = pipeline["steps"].elements.map(\.["rule"])
        #expect(
            rules.map(\.["expression"].text) == [
                "title != null && title != \"\"", "price != null", "tags != null && size(tags) > 0",
            ])
        var chosen = plan
        chosen.columns = ["price_currency", "_fetch_time", "other"]
        #expect(plan.unknownColumn == nil && chosen.unknownColumn == "other")
        #expect(plan.exportedColumns == ["title", "price", "price_currency", "tags", "note", "_url"])
    }

    @Test("Report and proof lie beside the output") func places() throws {
        let plan = try plan("http://site/", "title=h1")
        #expect(plan.report == "out/pages.report.json" && plan.proof == "out/pages.proof.ndjson")
        #expect(plan.format == .csv && CollectPlan.Format(path: "a.ndjson") == .ndjson)
        #expect(CollectPlan.stem("a.b/c") == "a.b/c" && CollectPlan.stem(".csv") == ".csv")
    }
}
