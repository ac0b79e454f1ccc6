import Control
import ControlAPI
import Foundation
import Logging
import TestSupport
import Testing

@testable import gatehouse

/// The table of operations is whole: each has a handler, a role, a place in the document and on the page.
@Suite(.timeLimit(.minutes(30))) struct ControlOperationsTests {
    @Test func everyRowHasAHandlerAndEveryHandlerARow() {
        let rows = ControlOperations.all
        #expect(ControlHandlers.bindings.map(\.row.id).sorted() == rows.map(\.id).sorted())
        for binding in ControlHandlers.bindings { #expect(rows.contains(binding.row)) }
        #expect(Set(rows.map(\.id)).count == rows.count)
        #expect(Set(rows.map { "\($0.method.rawValue) \($0.path)" }).count == rows.count)
    }

    @Test(arguments: ControlOperations.all) func isARowAsRowsAre(row: ControlOperation) {
        #expect(row.path.wholeMatch(of: /\/v1(\/[a-z.-]+)+/) != nil)
        #expect(!row.summary.isEmpty && !row.summary.hasSuffix("."))
        for id in row.failures { #expect(ControlFailure.statuses[id] != nil, "\(id)") }
        // Whoever may look changes nothing, and arguments of a look go into a query.
        #expect((row.method == .get) == (row.role == .viewer))
        if row.method == .get {
            for field in row.fields {
                switch field.schema {
                case .string, .integer, .boolean: break
                default: Issue.record("\(row.id).\(field.key) does not go into a query")
                }
            }
        }
        guard case .object = row.arguments else {
            Issue.record("\(row.id) takes no object")
            return
        }
    }

    /// Every id that is thrown anywhere has a status, and every status an id that is thrown.
    @Test func everyFailureIsKnown() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources")
        var ids: Set<String> = []
        for folder in ["gatehouse", "Control", "ControlAPI"] {
            let files = try #require(
                FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path))
            for case let path as String in files where path.hasSuffix(".swift") {
                let text = try String(
                    contentsOf: root.appendingPathComponent("\(folder)/\(path)"), encoding: .utf8)
                for match in text.matches(of: /(?:ControlFailure|Refusal)\(\s*(?:id: )?"([a-z-]+)"/) {
                    ids.insert(String(match.1))
                }
            }
        }
        ids.formUnion([ControlMessages.registersMoved])
        // A client's own, which never travels.
        ids.remove("bad-result")
        #expect(ids == Set(ControlFailure.statuses.keys))
    }

    /// What a request's schema says no type can disagree with; here that what the CLI sends is allowed.
    @Test func theDocumentHasEverything() throws {
        let document = OpenAPIDocument.of(ControlOperations.all)
        #expect(document["openapi"] == "3.1.0")
        for row in ControlOperations.all {
            let entry = document["paths"]?[row.path]?[row.method.rawValue.lowercased()]
            #expect(entry?["operationId"] == .string(row.id))
            #expect(entry?["x-gatehouse-role"] == .string(row.role.rawValue))
            for id in row.failures + ControlFailure.common {
                #expect(entry?["responses"]?["\(ControlFailure(id: id, message: "").status)"] != nil)
            }
        }
        // A name stands for one schema.
        var shapes: [String: Set<Schema>] = [:]
        for row in ControlOperations.all {
            for schema in [row.arguments, row.result] { schema.collect(&shapes) }
        }
        for (name, schemas) in shapes { #expect(schemas.count == 1, "\(name)") }
    }

    /// Every role against every operation, through a socket, by peers that pretend: what is not allowed reaches no handler.
    @Test(arguments: Role.allCases) func everyRoleAgainstEveryOperation(role: Role) async throws {
        try await Gateway.inFolder { folder in
            let groups = RoleGroups([.viewer: 700, .operator: 701, .policyAdmin: 702])
            let group: UInt32 = role == .viewer ? 700 : role == .operator ? 701 : 702
            let path = folder + "/control.sock"
            let server = try ControlServer(
                path: path, operations: ControlOperations.all, access: .init(groups: groups), logger: quiet,
                credentials: { _ in Peer(uid: 4242, groups: [group]) }
            ) { request, peer in
                #expect(request.operation.role <= role && peer.role == role)
                return .failure(ControlFailure(id: "busy", message: "was let through"))
            }
            for row in ControlOperations.all {
                // Without arguments: whoever is let through is told so, or which argument is missing.
                let open = TypedOperation<ControlMessages.Nothing, ControlMessages.Nothing>(
                    row.id, row.method, row.path, row.role, row.summary)
                let error = try await #require(
                    #expect(throws: ControlClientError.self) {
                        try await ControlClient(path: path, timeout: .seconds(600)).call(open, .init())
                    })
                guard case .refused(let failure) = error else {
                    Issue.record("\(row.id): \(error)")
                    continue
                }
                let isLetThrough = ["busy", "bad-arguments"].contains(failure.id)
                #expect(isLetThrough == (role >= row.role), "\(row.id): \(failure)")
                #expect(isLetThrough || failure.id == "forbidden", "\(row.id): \(failure)")
            }
            await server.stop()
        }
    }

    /// The page that people read has the table as it is.
    @Test func thePageHasTheTable() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = root.appendingPathComponent("Sources/gatehouse/Gatehouse.docc/ControlAPI.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let rows = ControlOperations.all.sorted {
            ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue)
        }
        let table =
            (["| | takes the role | | arguments |", "|---|---|---|---|"]
            + rows.map { row in
                let fields = row.fields.map { $0.isRequired ? "**\($0.key)**" : $0.key }.joined(
                    separator: ", ")
                return
                    "| `\(row.method.rawValue) \(row.path)` | \(row.role.rawValue) | \(row.summary) | \(fields) |"
            }).joined(separator: "\n")
        let marks = ("<!-- operations -->\n\n", "\n\n<!-- end of operations -->")
        let start = try #require(text.range(of: marks.0))
        let end = try #require(text.range(of: marks.1))
        if ProcessInfo.processInfo.environment["GATEHOUSE_UPDATE_GOLDEN"] != nil {
            let new = text[..<start.upperBound] + table + text[end.lowerBound...]
            try Data(new.utf8).write(to: page)
            return
        }
        #expect(text[start.upperBound..<end.lowerBound] == table, "GATEHOUSE_UPDATE_GOLDEN=1 writes it anew")
    }
}

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension Schema {
    fileprivate func collect(_ shapes: inout [String: Set<Schema>]) {
        switch self {
        case .object(let schema):
            shapes[schema.name, default: []].insert(self)
            for property in schema.properties { property.schema.collect(&shapes) }
        case .array(let item, _), .map(let item): item.collect(&shapes)
        case .string, .integer, .number, .boolean, .anything: break
        }
    }
}
