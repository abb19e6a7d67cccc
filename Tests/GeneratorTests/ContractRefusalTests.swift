import SwiftProtobuf
import Testing

/// What a contract must not leave unsaid, and must not say: each refusal names its file and line.
@Suite struct ContractRefusalTests {
    /// A contract of one call that is in order, with places for what is not.
    private static func contract(
        call: String = #"option (datavault.policy.v1.call) = { permission: "things.read" };"#,
        route: String = #"option (google.api.http) = { post: "/api/v1/things/{name}" body: "*" };"#,
        signature: String = "Do(DoRequest) returns (Thing)",
        field: String = "",
        other: String = "",
        permissions: String =
            #"option (datavault.policy.v1.permissions) = { name: "things.read" meaning: "See things." };"#,
        reason: String = "enum Reason { REASON_UNSPECIFIED = 0; }"
    ) -> String {
        """
        syntax = "proto3";
        package datavault.things.v1;
        import "datavault/policy/v1/policy.proto";
        import "google/api/annotations.proto";
        import "google/protobuf/duration.proto";
        import "google/protobuf/empty.proto";
        \(permissions)
        service Things {
          rpc \(signature) {
            \(call)
            \(route)
          }
          \(other)
        }
        message DoRequest {
          string name = 1 [(datavault.policy.v1.field) = { length: { max: 9 } }];
          Thing thing = 2;
          repeated int32 numbers = 3 [(datavault.policy.v1.field) = { count: { max: 9 } }];
          \(field)
        }
        message Thing {
          string name = 1 [(datavault.policy.v1.field) = { length: { max: 9 } }];
          string key = 2 [(datavault.policy.v1.field) = { length: { max: 9 } sensitivity: SENSITIVITY_SECRET }];
          bool flag = 3;
        }
        \(reason)
        """
    }

    private static let file = "datavault/things/v1/things.proto"

    private func errors(_ text: String, more: [String: String] = [:]) throws -> [String] {
        let files = more.merging([Self.file: text]) { $1 }
        let set = try Protoc.compile(contract: files)
        let error = Generation(of: set, names: files.keys.sorted()).error
        return error.split(separator: "\n").map(String.init)
    }

    private func call(_ policy: String) -> String { "option (datavault.policy.v1.call) = { \(policy) };" }
    private func post(_ path: String) -> String { #"option (google.api.http) = { post: "\#(path)" body: "*" };"# }

    /// The line of the contract that the call's policy, its route, and a further field stand in.
    private static let (rpcLine, policyLine, routeLine, fieldLine) = (9, 10, 11, 19)

    private func expect(_ errors: [String], line: Int, _ text: String, _ location: SourceLocation = #_sourceLocation) {
        #expect(errors.count == 1, "\(errors)", sourceLocation: location)
        let first = errors.first ?? ""
        #expect(first.hasPrefix("\(Self.file):\(line):"), "\(first)", sourceLocation: location)
        #expect(first.contains(text), "\(first)", sourceLocation: location)
    }

    @Test func contractInOrderIsTaken() throws { #expect(try errors(Self.contract()) == []) }

    @Test func otherPackagesNeedNoPolicy() throws {
        let text = #"syntax = "proto3"; package other; message M {} service S { rpc Do(M) returns (M); }"#
        #expect(try errors(text) == [])
    }

    // MARK: Policies

    @Test func callWithoutPolicy() throws {
        expect(
            try errors(Self.contract(call: "")), line: Self.rpcLine,
            "'datavault.things.v1.Things.Do' has no policy; give it the option (datavault.policy.v1.call).")
    }

    @Test func unknownPermission() throws {
        expect(
            try errors(Self.contract(call: call(#"permission: "things.raed""#))), line: Self.policyLine,
            "asks for the permission 'things.raed', which no file declares")
    }

    @Test func permissionOfAFileThatIsNotImported() throws {
        let other = """
            syntax = "proto3"; package datavault.other.v1; import "datavault/policy/v1/policy.proto";
            option (datavault.policy.v1.permissions) = { name: "others.read" meaning: "See others." };
            """
        let found = try errors(
            Self.contract(call: call(#"permission: "others.read""#)), more: ["datavault/other/v1/other.proto": other])
        expect(found, line: Self.policyLine, "which is declared in datavault/other/v1/other.proto; import it")
    }

    @Test(arguments: [
        (#"name: "Things" meaning: "x""#, "is not named like 'pipelines.write'"),
        (#"name: "things.read""#, "has no meaning"),
    ]) func badPermission(permission: String, text: String) throws {
        let permissions = "option (datavault.policy.v1.permissions) = { \(permission) };"
        expect(try errors(Self.contract(call: call("public: true"), permissions: permissions)), line: 7, text)
    }

    @Test func permissionTwice() throws {
        let one = #"option (datavault.policy.v1.permissions) = { name: "things.read" meaning: "x" };"#
        expect(try errors(Self.contract(permissions: one + " " + one)), line: 7, "is declared twice")
    }

    @Test(arguments: [
        ("cost: 1", "names no permission, and says neither authenticated, public nor internal"),
        ("public: false", "denies its access instead of naming one"),
        ("public: true roles: [ROLE_GATEWAY, ROLE_GATEWAY]", "names a role twice"),
        ("public: true roles: [ROLE_GATEWAY, ROLE_UNSPECIFIED]", "names a role that is none"),
        ("public: true roles: [ROLE_SCRAPE]", "has a route, and its policy does not let the gateway call it"),
        ("internal: true roles: [ROLE_SCRAPE]", "has a route, and its policy does not let the gateway call it"),
        ("public: true cost: 10001", "is over 10000"),
        (#"public: true audit: "Thing""#, "is not named like 'pipeline.create'"),
        (#"public: true audit_resource: "name""#, "names a resource for the audit log, and no action"),
        (#"public: true audit: "a.b" audit_resource: "nme""#, "'datavault.things.v1.DoRequest' has no field 'nme'"),
        (#"public: true audit: "a.b" audit_resource: "name.x""#, "'name' is no message"),
        (#"public: true audit: "a.b" audit_resource: "thing""#, "is neither a string nor an integer"),
        (#"public: true audit: "a.b" audit_resource: "thing.flag""#, "is neither a string nor an integer"),
        (#"public: true audit: "a.b" audit_resource: "thing.key""#, "is secret"),
        (#"public: true audit: "a.b" audit_resource: "numbers""#, "is repeated"),
        (#"public: true audit: "a.b" audit_created: "numbers""#, "'datavault.things.v1.Thing' has no field 'numbers'"),
        (#"public: true audit: "a.b" audit_resource: "name" audit_created: "name""#, "names the resource twice"),
        ("public: true stream: STREAM_PRESENTATION_EVENTS", "says how its stream is presented, and is no stream"),
        (#"public: true deprecation: { since: "2026-13-01" sunset: "2027-01-01" }"#, "needs since and sunset"),
        (#"public: true deprecation: { since: "2026-03-01" sunset: "2027-01-01" }"#, "not the option deprecated"),
    ]) func badPolicy(policy: String, text: String) throws {
        expect(try errors(Self.contract(call: call(policy))), line: Self.policyLine, text)
    }

    @Test func sunsetBeforeDeprecation() throws {
        let policy = #"public: true deprecation: { since: "2026-03-02" sunset: "2026-03-01" }"#
        let text = Self.contract(call: "\(call(policy)) option deprecated = true;")
        expect(try errors(text), line: Self.policyLine, "lies before its deprecation")
    }

    @Test func internalWithoutRoles() throws {
        expect(
            try errors(Self.contract(call: call("internal: true"), route: "")), line: Self.policyLine,
            "is internal and names no role that may call it")
    }

    @Test(arguments: [
        ("Do(DoRequest) returns (stream Thing)", "public: true", "does not say how it is presented"),
        (
            "Do(stream DoRequest) returns (stream Thing)", "public: true stream: STREAM_PRESENTATION_EVENTS",
            "streams in both directions, which only a WebSocket shows"
        ),
        (
            "Do(DoRequest) returns (stream Thing)",
            #"public: true stream: STREAM_PRESENTATION_EVENTS audit: "a.b" audit_created: "name""#,
            "answers with a stream, of which no message names the resource"
        ),
    ]) func badStream(signature: String, policy: String, text: String) throws {
        expect(
            try errors(Self.contract(call: call(policy), signature: signature)), line: Self.policyLine, text)
    }

    @Test func packageWithoutReasons() throws {
        expect(try errors(Self.contract(reason: "")), line: 8, "has a service, and no enum 'Reason'")
    }

    // MARK: Routes

    @Test(arguments: [
        ("/api/v1/{nme}", "the variable 'nme' in the path '/api/v1/{nme}' is no field"),
        ("/api/v1/{thing}", "'datavault.things.v1.DoRequest.thing' is a message"),
        ("/api/v1/{numbers}", "is repeated"),
        ("/api/v1/{thing.nme}", "'datavault.things.v1.Thing' has no field 'nme'"),
        ("api/v1", "does not begin with '/'"),
        ("/api//v1", "has a segment that is no word"),
        ("/api/v1/", "has a segment that is no word"),
        ("/api/{name", "has a '{' that is not closed"),
        ("/api/{name={name}}", "has a variable inside a variable"),
        ("/api/{name}/{name}", "has a variable twice"),
        ("/api/**/x", "has '**' before its last segment"),
        ("/api/x:", "has the verb '', which is no word"),
        ("/api/x y", "has a segment that is no word"),
        ("/api/v1/{name}}", "cannot be read from '}' on"),
    ]) func badPath(path: String, text: String) throws {
        expect(try errors(Self.contract(route: post(path))), line: Self.routeLine, text)
    }

    @Test(arguments: [
        (#"post: "/a/{name}" body: "thng""#, "the body 'thng' is no field"),
        (#"post: "/a/{name}" body: "*" response_body: "nme""#, "the response body 'nme' is no field"),
        (#"delete: "/a/{name}" body: "*""#, "has a body, which clients may not send"),
        (#"get: "/a/{name}""#, "which does not say idempotency_level = NO_SIDE_EFFECTS"),
        (#"body: "*""#, "has no verb"),
        (#"post: "/a" body: "*" additional_bindings { post: "/b/{nme}" body: "*" }"#, "the variable 'nme'"),
    ]) func badRoute(route: String, text: String) throws {
        let text_ = Self.contract(route: "option (google.api.http) = { \(route) };")
        expect(try errors(text_), line: Self.routeLine, text)
    }

    @Test func queryThatCannotBeWritten() throws {
        let text = Self.contract(
            route: #"option (google.api.http) = { post: "/a/{name}" body: "thing" };"#,
            field: "repeated Thing things = 9 [(datavault.policy.v1.field) = { count: { max: 1 } }];")
        expect(try errors(text), line: Self.routeLine, "would be a query parameter")
    }

    @Test(arguments: [
        ("/api/v1/things/{thing.name}", "collides with"),
        ("/api/v1/things/*", "collides with"),
        ("/api/v1/{name=things/*}", "collides with"),
        ("/api/{name=*/things}/x", "match the same paths, neither more closely"),
        ("/api/v1/things/special", nil),
        ("/api/v1/things/{name}:run", nil),
        ("/api/v1/things/{name=**}", nil),
        ("/api/v1/*/special", "match the same paths, neither more closely"),
        ("/api/v1/**", nil),
        ("/api/*/things/special", "match the same paths, neither more closely"),
    ]) func collision(path: String, text: String?) throws {
        let other = """
            rpc Other(DoRequest) returns (Thing) { \(call("public: true")) \
            option (google.api.http) = { put: "/other" body: "*" additional_bindings { post: "\(path)" body: "*" } }; }
            """
        let found = try errors(Self.contract(other: other))
        guard let text else { return #expect(found == []) }
        expect(found, line: 13, text)
        #expect(found.first?.contains("(\(Self.file):\(Self.routeLine))") == true)
    }

    @Test func collisionOfTwoPackages() throws {
        let other = Self.contract(permissions: "").replacing(
            "package datavault.things.v1;", with: "package datavault.x.v1;"
        )
        .replacing(#"permission: "things.read""#, with: "public: true")
        let found = try errors(Self.contract(), more: ["datavault/x/v1/x.proto": other])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("datavault/x/v1/x.proto:11:") == true)
        #expect(
            found.first?.contains("collides with '/api/v1/things/{name}' of 'datavault.things.v1.Things.Do'") == true)
    }

    // MARK: Fields

    @Test(arguments: [
        ("string x = 9", "can be part of a request, and nothing bounds how long it is"),
        ("bytes x = 9", "nothing bounds how long it is"),
        ("repeated int32 x = 9", "nothing bounds how many elements it has"),
        ("map<string, int32> x = 9 [(datavault.policy.v1.field) = { count: { max: 1 } }]", "how long its keys are"),
        ("int32 x = 9 [(datavault.policy.v1.field) = { length: { max: 1 } }]", "has a length, and is an integer"),
        ("int32 x = 9 [(datavault.policy.v1.field) = { pattern: \"a\" }]", "has a pattern, and is an integer"),
        ("int32 x = 9 [(datavault.policy.v1.field) = { format: FORMAT_UUID }]", "has a format, and is an integer"),
        ("int32 x = 9 [(datavault.policy.v1.field) = { count: { max: 1 } }]", "is neither repeated nor a map"),
        (
            "int32 x = 9 [(datavault.policy.v1.field) = { keys: { range: { min: 1 } } }]",
            "has rules of keys, and is no map"
        ),
        ("int32 x = 9 [(datavault.policy.v1.field) = { range: { min: 2 max: 1 } }]", "that nothing lies in"),
        ("int32 x = 9 [(datavault.policy.v1.field) = { range: {} }]", "has a range without bounds"),
        ("int32 x = 9 [(datavault.policy.v1.field) = { range: { max: 3000000000 } }]", "beyond what its type holds"),
        ("uint32 x = 9 [(datavault.policy.v1.field) = { range: { min: -1 } }]", "beyond what its type holds"),
        (
            "int32 x = 9 [(datavault.policy.v1.field) = { real_range: { min: 1 } }]",
            "has a real_range, and is an integer"
        ),
        (
            "double x = 9 [(datavault.policy.v1.field) = { range: { min: 1 } }]",
            "has a range, and is a floating-point number"
        ),
        ("double x = 9 [(datavault.policy.v1.field) = { real_range: { max: nan } }]", "has a real_range to NaN"),
        ("bool x = 9 [(datavault.policy.v1.field) = { duration_range: { min: { seconds: 1 } } }]", "and is a bool"),
        (
            "google.protobuf.Duration x = 9 [(datavault.policy.v1.field) = "
                + "{ duration_range: { min: { seconds: 2 } max: { seconds: 1 nanos: 9 } } }]", "that nothing lies in"
        ),
        ("bool x = 9 [(datavault.policy.v1.field) = { required: true }]", "make it optional"),
        ("oneof y { int32 x = 9 [(datavault.policy.v1.field) = { required: true }]; }", "which its oneof 'y' can be"),
        ("string x = 9 [(datavault.policy.v1.field) = { length: { min: 2 max: 1 } }]", "that nothing lies in"),
        ("string x = 9 [(datavault.policy.v1.field) = { length: { max: 9 } pattern: \"(a\" }]", "'(' is not closed"),
        ("string x = 9 [(datavault.policy.v1.field) = { length: { max: 9 } pattern: \"^a\" }]", "leave '^' out"),
        ("string x = 9 [(datavault.policy.v1.field) = { length: { max: 9 } pattern: \"(?=a)\" }]", "look-around"),
        ("message Pattern {}", "would hide what its checks are written with"),
        (
            "map<string, int32> x = 9 [(datavault.policy.v1.field) = { count: { max: 1 } keys: "
                + "{ length: { max: 1 } required: true } }]", "has rules of keys other than"
        ),
    ]) func badField(field: String, text: String) throws {
        let end = field.hasSuffix("}") ? "" : ";"
        expect(try errors(Self.contract(field: field + end)), line: Self.fieldLine, text)
    }

    @Test func boundsAreWantedDeepInRequestsOnly() throws {
        let deep = "message Deep { string x = 1; Deep again = 2; } message Answer { string free = 1; }"
        let text =
            Self.contract(signature: "Do(DoRequest) returns (Answer)", field: "Deep deep = 9;", reason: deep)
            + "\nenum Reason { REASON_UNSPECIFIED = 0; }"
        let found = try errors(text)
        #expect(found.count == 1)
        #expect(found.first?.contains("'datavault.things.v1.Deep.x' can be part of a request") == true)
    }

    @Test func allProblemsAreToldAtOnce() throws {
        let text = Self.contract(call: "", route: post("/api/{nme}"), field: "string x = 9;")
        let lines = try errors(text).compactMap { $0.split(separator: ":").dropFirst().first.map(String.init) }
        #expect(lines == ["9", "11", "19"])
    }

    @Test func onlyCheckWritesNothing() throws {
        let set = try Protoc.compile(contract: [Self.file: Self.contract()])
        #expect(Generation(of: set, options: "OnlyCheck=true").files.isEmpty)
        let wrong = try Protoc.compile(contract: [Self.file: Self.contract(call: "")])
        #expect(Generation(of: wrong, options: "OnlyCheck=true").error.contains("has no policy"))
    }
}
