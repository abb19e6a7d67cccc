import DescriptorSet
import Foundation
import Testing

@testable import Gateway

@Suite struct OpenAPITests {
    private static let routes = [
        OpenAPIRoute(
            verb: "POST", template: "/api/v1/users", body: "*", responseBody: "",
            method: "/datavault.identity.v1.UsersService/CreateUser"),
        OpenAPIRoute(
            verb: "PATCH", template: "/api/v1/{user.name=users/*}", body: "user", responseBody: "",
            method: "/datavault.identity.v1.UsersService/UpdateUser"),
        OpenAPIRoute(
            verb: "GET", template: "/api/v1/{name=users/*}", body: "", responseBody: "",
            method: "/datavault.identity.v1.UsersService/GetUser"),
        OpenAPIRoute(
            verb: "GET", template: "/api/v1/users", body: "", responseBody: "",
            method: "/datavault.identity.v1.UsersService/ListUsers"),
        OpenAPIRoute(
            verb: "POST", template: "/api/v1/sessions:logIn", body: "*", responseBody: "",
            method: "/datavault.identity.v1.SessionsService/LogIn"),
    ]

    private let document: [String: Any]

    init() throws {
        let bytes = try OpenAPIDocument(
            routes: Self.routes, descriptorSets: [DescriptorSet.array], version: "1"
        ).bytes()
        let json = try JSONSerialization.jsonObject(with: Data(bytes))
        document = try #require(json as? [String: Any])
    }

    private func at(_ path: String...) throws -> Any {
        var place: Any = document
        for name in path { place = try #require((place as? [String: Any])?[name], "\(name) of \(path)") }
        return place
    }

    @Test func pathsAreThoseOfOneVariableASegment() throws {
        let paths = try #require(try at("paths") as? [String: Any])
        #expect(Set(paths.keys) == ["/api/v1/users", "/api/v1/users/{user}", "/api/v1/sessions:logIn"])
        #expect(Set(try #require(paths["/api/v1/users/{user}"] as? [String: Any]).keys) == ["get", "patch"])
    }

    @Test func boundsOfTheContractAreTold() throws {
        let parameters = try #require(try at("paths", "/api/v1/users", "get", "parameters") as? [[String: Any]])
        let size = try #require(parameters.first { $0["name"] as? String == "pageSize" })
        let schema = try #require(size["schema"] as? [String: Any])
        #expect(schema["maximum"] as? Int == 1_000)
        let user = try #require(try at("paths", "/api/v1/users/{user}", "get", "parameters") as? [[String: Any]])
        #expect((user.first?["schema"] as? [String: Any])?["pattern"] as? String == "^(?:[0-9a-f-]{36})$")
    }

    @Test func aPatchRequiresNothing() throws {
        let reference = try at(
            "paths", "/api/v1/users/{user}", "patch", "requestBody", "content", "application/json", "schema", "$ref")
        #expect(reference as? String == "#/components/schemas/identity.v1.User.Patch")
        let patch = try #require(try at("components", "schemas", "identity.v1.User.Patch") as? [String: Any])
        #expect(patch["required"] == nil)
        let user = try #require(try at("components", "schemas", "identity.v1.User") as? [String: Any])
        #expect(user["required"] as? [String] == ["email"])
    }

    @Test func publicCallsNeedNobody() throws {
        #expect(try #require(try at("paths", "/api/v1/sessions:logIn", "post", "security") as? [Any]).isEmpty)
        #expect(try #require(try at("paths", "/api/v1/users", "post", "security") as? [Any]).count == 3)
    }

    @Test func allReferencesLead() throws {
        let schemas = try #require(try at("components", "schemas") as? [String: Any])
        var references: Set<String> = []
        func collect(_ value: Any) {
            if let object = value as? [String: Any] {
                if let reference = object["$ref"] as? String { references.insert(reference) }
                object.values.forEach(collect)
            } else if let list = value as? [Any] {
                list.forEach(collect)
            }
        }
        collect(document)
        let missing = references.filter { reference in
            reference.hasPrefix("#/components/schemas/")
                && schemas[String(reference.dropFirst("#/components/schemas/".count))] == nil
        }
        #expect(missing == [])
        #expect(references.count > 5)
    }

    @Test(
        arguments: [
            ("/api/v1/{name=users/*}/permissions", "/api/v1/users/{user}/permissions"),
            ("/api/v1/{name=api-keys/*}:rotate", "/api/v1/api-keys/{api_key}:rotate"),
            ("/api/v1/{name=policies/*/rules/*}", "/api/v1/policies/{policy}/rules/{rule}"),
            ("/api/v1/files/{path=**}", "/api/v1/files/{path}"), ("/api/v1/{a}/{b.a}", "/api/v1/{a}/{a_2}"),
        ])
    func templates(template: String, expected: String) {
        #expect(OpenAPIPath(template).text == expected)
    }
}
