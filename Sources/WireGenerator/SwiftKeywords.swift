import SwiftProtobufPluginLibrary

/// Words that generated names must step around.
enum SwiftKeywords {
    /// Words that need backticks where something named so is declared.
    static let declaration =
        swiftKeywordsUsedInDeclarations
        .union(swiftKeywordsUsedInStatements)
        .union(swiftKeywordsUsedInExpressionsAndTypes)
        .union(["precedencegroup"])

    /// Words that mean something else even after a dot, and need backticks there too.
    static let member: Set<String> = ["init", "self", "Self", "Any"]

    /// Words that after a dot mean a metatype, with backticks or without.
    static let metatype: Set<String> = ["Type", "Protocol"]

    /// Names that a top-level type must not take, as they would hide a module or a type that code leans on.
    static let topLevel =
        declaration
        .union(metatype)
        .union(swiftCommonTypes)
        .union(["Swift", "SwiftProtobuf", "Wire"])
        .union(["Array", "Dictionary", "Error", "Never", "Optional", "Result", "Sendable", "Set", "Void"])
}
