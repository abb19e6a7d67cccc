import ContractTools
import Foundation

/// Compiles a contract that is given as text.
func snapshot(_ text: String) throws -> ContractSnapshot {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let libraries = repository.appending(path: ".build-py/lib")
    let versions = (try? FileManager.default.contentsOfDirectory(at: libraries, includingPropertiesForKeys: nil)) ?? []
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    try text.write(to: root.appending(path: "things.proto"), atomically: true, encoding: .utf8)
    let roots =
        [root, repository.appending(path: "proto")] + versions.map { $0.appending(path: "site-packages") }
        + [repository.appending(path: ".build/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf")]
    let output = root.appending(path: "things.binpb")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
        ["protoc", "--include_imports", "--descriptor_set_out=\(output.path())"]
        + roots.map { "--proto_path=\($0.path())" } + ["things.proto"]
    try process.run()
    process.waitUntilExit()
    struct Failure: Error { let text: String }
    guard process.terminationStatus == 0 else { throw Failure(text: text) }
    return try ContractSnapshot(descriptorSet: [UInt8](Data(contentsOf: output)))
}

/// A contract to change.
let things = """
    syntax = "proto3";
    package datavault.things.v1;
    import "datavault/policy/v1/policy.proto";
    import "google/api/annotations.proto";
    import "google/protobuf/duration.proto";
    option (datavault.policy.v1.permissions) = { name: "things.read" meaning: "See things." };
    option (datavault.policy.v1.permissions) = { name: "things.write" meaning: "Change things." };
    service Things {
      rpc GetThing(GetThingRequest) returns (Thing) {
        option idempotency_level = NO_SIDE_EFFECTS;
        option (google.api.http) = { get: "/api/v1/things/{thing_id}" };
        option (datavault.policy.v1.call) = { permission: "things.read" cost: 2 roles: [ROLE_GATEWAY, ROLE_SCRAPE] };
      }
      rpc CreateThing(CreateThingRequest) returns (Thing) {
        option (google.api.http) = {
          post: "/api/v1/things" body: "thing" additional_bindings { put: "/api/v1/things:add" body: "*" }
        };
        option (datavault.policy.v1.call) = { authenticated: true audit: "thing.create" audit_created: "name" };
      }
      rpc Watch(GetThingRequest) returns (stream Thing) {
        option (google.api.http) = { post: "/api/v1/things:watch" body: "*" };
        option (datavault.policy.v1.call) = { public: true stream: STREAM_PRESENTATION_EVENTS };
      }
    }
    message GetThingRequest { string thing_id = 1; int32 read_mask = 2; bool deep = 3; }
    message CreateThingRequest { Thing thing = 1; string request_id = 2; }
    message Thing {
      string name = 1 [(datavault.policy.v1.field) = { length: { max: 50 } }];
      int32 size = 2 [(datavault.policy.v1.field) = { range: { min: 1 max: 9 } }];
      google.protobuf.Duration time = 3;
      map<string, string> labels = 4 [(datavault.policy.v1.field) = { count: { max: 9 } keys: { length: { max: 9 } } }];
      Shape shape = 5;
      enum Shape { SHAPE_UNSPECIFIED = 0; SHAPE_ROUND = 1; SHAPE_FLAT = 2; }
    }
    enum Reason { REASON_UNSPECIFIED = 0; REASON_BROKEN = 1; }
    """
