import Testing

@testable import ContractTools

/// What is told of a change, in the words that a person reads.
@Suite struct ContractDiffTests {
    private func changes(_ replacements: KeyValuePairs<String, String>) throws -> [String] {
        var changed = things
        for (old, new) in replacements {
            try #require(changed.contains(old), "\(old)")
            changed = changed.replacing(old, with: new)
        }
        return ContractDiff.breakingChanges(from: try snapshot(things), to: try snapshot(changed))
    }

    static let one: [(String, String, String)] = [
        // Routes
        (
            #"get: "/api/v1/things/{thing_id}""#, #"get: "/api/v1/stuff/{thing_id}""#,
            "datavault.things.v1.Things.GetThing has moved from GET /api/v1/things/* to GET /api/v1/stuff/*."
        ),
        (
            #" additional_bindings { put: "/api/v1/things:add" body: "*" }"#, "",
            "PUT /api/v1/things:add (datavault.things.v1.Things.CreateThing) is gone."
        ),
        (
            #"body: "thing""#, #"body: "*""#,
            "The body of POST /api/v1/things was the field 'thing' and is all of the request."
        ),
        (
            "bool deep = 3;", "",
            """
            The query parameter 'deep' of GET /api/v1/things/* is gone.
            The field 'deep' (3) of datavault.things.v1.GetThingRequest is gone.
            """
        ),
        (
            "int32 read_mask", "int32 view",
            """
            The query parameter 'readMask' of GET /api/v1/things/* is gone.
            The field 2 of datavault.things.v1.GetThingRequest was 'read_mask' and is 'view'.
            """
        ),
        // Policies
        (
            #"permission: "things.read""#, #"permission: "things.write""#,
            "datavault.things.v1.Things.GetThing asks for the permission 'things.read', and asks for the permission "
                + "'things.write' now: callers that were let in are refused."
        ),
        (
            "authenticated: true", #"permission: "things.write""#,
            "datavault.things.v1.Things.CreateThing asks for any principal, and asks for the permission 'things.write' "
                + "now: callers that were let in are refused."
        ),
        (
            "public: true", "authenticated: true",
            "datavault.things.v1.Things.Watch is open to all, and asks for any principal now: callers that were let in "
                + "are refused."
        ),
        (
            "roles: [ROLE_GATEWAY, ROLE_SCRAPE]", "",
            "The role scrape may no longer call datavault.things.v1.Things.GetThing."
        ),
        ("cost: 2", "cost: 3", "A call of datavault.things.v1.Things.GetThing cost 2 and costs 3."),
        (
            #"audit: "thing.create""#, #"audit: "thing.make""#,
            "datavault.things.v1.Things.CreateThing left the audit entry 'thing.create', and leaves one called 'thing.make' now."
        ),
        (
            "PRESENTATION_EVENTS", "PRESENTATION_JSON_LINES",
            "The stream of datavault.things.v1.Things.Watch was shown as events and is jsonLines now."
        ),
        (
            "option idempotency_level = NO_SIDE_EFFECTS;", "",
            "datavault.things.v1.Things.GetThing could be repeated at will, and may have a further effect now each time."
        ),
        (
            #"option (datavault.policy.v1.permissions) = { name: "things.write" meaning: "Change things." };"#, "",
            "The permission 'things.write' is gone; those who were granted it lose what it allowed."
        ),
        // Shapes
        (
            "rpc Watch(GetThingRequest) returns (stream Thing)", "rpc Watch(GetThingRequest) returns (Thing)",
            "datavault.things.v1.Things.Watch no longer gives a stream of responses."
        ),
        (
            "rpc Watch(", "rpc Look(",
            "The method datavault.things.v1.Things.Watch is gone, and with it POST /api/v1/things:watch."
        ),
        (
            "int32 size = 2", "sint32 size = 2",
            "The field 'size' of datavault.things.v1.Thing was int32 and is sint32."
        ),
        (
            "google.protobuf.Duration time = 3", "repeated google.protobuf.Duration time = 3",
            "The field 'time' of datavault.things.v1.Thing is now a list."
        ),
        (
            "SHAPE_FLAT = 2;", "", "The value SHAPE_FLAT (2) of datavault.things.v1.Thing.Shape is gone."
        ),
        (
            "SHAPE_FLAT = 2;", "SHAPE_THIN = 2;",
            "The value 2 of datavault.things.v1.Thing.Shape was SHAPE_FLAT and is SHAPE_THIN."
        ),
        (
            "REASON_BROKEN = 1;", "REASON_SPOILT = 1;",
            "The error reason BROKEN of datavault.things.v1 is gone; programs that look for it will not find it."
        ),
        // Rules
        (
            "length: { max: 50 } }", "length: { max: 40 } }",
            "The greatest length of datavault.things.v1.Thing.name was 50 and is 40."
        ),
        (
            "length: { max: 50 } }", "length: { min: 2 max: 50 } }",
            "The least length of datavault.things.v1.Thing.name was not bounded and is 2."
        ),
        (
            "length: { max: 50 } }", "length: { max: 50 } required: true }",
            "The field datavault.things.v1.Thing.name has to be set now."
        ),
        (
            "length: { max: 50 } }", #"length: { max: 50 } pattern: "a+" }"#,
            "The value of datavault.things.v1.Thing.name could be any text, and has to be what matches a+."
        ),
        (
            "range: { min: 1 max: 9 }", "range: { min: 2 max: 10 }",
            "The least range of datavault.things.v1.Thing.size was 1 and is 2."
        ),
        (
            "time = 3;", "time = 3 [(datavault.policy.v1.field) = { duration_range: { max: { seconds: 5 } } }];",
            "The greatest duration_range of datavault.things.v1.Thing.time was not bounded and is 5.0."
        ),
        (
            "keys: { length: { max: 9 } }", "keys: { length: { max: 8 } }",
            "The greatest length of each key of datavault.things.v1.Thing.labels was 9 and is 8."
        ),
        (
            "string request_id = 2;",
            "string request_id = 2; int32 amount = 3 [(datavault.policy.v1.field) = { required: true }];",
            "The new field 'amount' of datavault.things.v1.CreateThingRequest is required, and no caller sends it yet."
        ),
    ]

    @Test(arguments: one) func breakingChange(old: String, new: String, sentences: String) throws {
        #expect(try changes([old: new]) == sentences.split(separator: "\n").map(String.init))
    }

    @Test(arguments: [
        ("cost: 2", "cost: 1"), (#"permission: "things.read""#, "authenticated: true"),
        ("authenticated: true", "public: true"),
        ("length: { max: 50 } }", "length: { max: 60 } }"), ("{ length: { max: 50 } }", "{ }"),
        ("range: { min: 1 max: 9 }", "range: { max: 19 }"),
        ("REASON_BROKEN = 1;", "REASON_BROKEN = 1; REASON_LOST = 2;"),
        ("string request_id = 2;", "string request_id = 2; int32 amount = 3;"),
        (#"get: "/api/v1/things/{thing_id}""#, #"get: "/api/v1/{thing_id=things/*}""#),
        ("roles: [ROLE_GATEWAY, ROLE_SCRAPE]", "roles: [ROLE_SCRAPE, ROLE_PIPELINE, ROLE_GATEWAY]"),
        ("  rpc Watch(", "  rpc Extra(Thing) returns (Thing);\n  rpc Watch("),
    ]) func harmlessChange(old: String, new: String) throws { #expect(try changes([old: new]) == []) }

    @Test func otherPackagesAreNotCompared() throws {
        let other = try snapshot(#"syntax = "proto3"; package other; message M {}"#)
        let none = try snapshot(#"syntax = "proto3"; package other;"#)
        #expect(ContractDiff.breakingChanges(from: other, to: none) == [])
    }

    @Test func wholeServiceGone() throws {
        let rest = ContractDiff.breakingChanges(
            from: try snapshot(things), to: try snapshot(#"syntax = "proto3"; package datavault.other.v1;"#))
        #expect(rest.filter { $0.hasPrefix("The method") }.count == 3)
        #expect(rest.contains("The message datavault.things.v1.Thing is gone."))
        #expect(rest.contains("The enum datavault.things.v1.Reason is gone."))
    }
}
