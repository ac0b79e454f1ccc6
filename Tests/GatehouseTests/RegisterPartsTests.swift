import Control
import ControlAPI
import Evidence
import Foundation
import Sessions
import Testing

@testable import gatehouse

/// Imports that are too much for one request.
@Suite struct RegisterPartsTests {
    private static let root = Peer(uid: 0)

    private static func statements(_ count: Int) -> [RegisterStatement] {
        (0..<count).map { number in
            RegisterStatement(
                subject: RegisterSubject(.device, "LAP-\(number)"),
                fields: [
                    "owner": ["a/\"\(String(repeating: "ë", count: number % 80))"], "status": ["in-use"],
                ])
        }
    }

    private static func at(_ seconds: Int64) -> Instant { Instant(secondsSince1970: seconds) }

    @Test(arguments: [0, 1, 100, 30_000]) func whatIsTakenApartComesTogether(count: Int) async throws {
        let requests = try RegisterRequests(Self.statements(count), reason: "weekly", dryRun: false)
        #expect(requests.parts.isEmpty == (count < 1_000))
        let parts = RegisterParts()
        for part in requests.parts {
            let request = try ControlRequest(ControlOperations.statePart.row, arguments: part)
            let size = try JSONEncoder().encode(part).count
            #expect(
                size + 1_024 <= ControlProtocol.requestBytes && request.operation.id == "register.state-part")
            try await parts.keep(part, of: Self.root, at: Self.at(0))
        }
        let earlier = try await parts.take(requests.last.batch, of: Self.root, at: Self.at(0))
        let all = earlier + requests.last.statements
        #expect(all.map(\.key) == Self.statements(count).map(\.subject.key))
        #expect(all.map(\.fields) == Self.statements(count).map(\.fields))
    }

    private static func part(_ id: String, _ number: Int) -> ControlMessages.RegisterPartArguments {
        .init(batch: .init(id: id, part: number), statements: [.init(kind: "user", key: id, fields: [:])])
    }

    @Test func whatIsNotWholeIsRefused() async throws {
        let parts = RegisterParts()
        // The last alone, a part left out, a part twice, somebody else's.
        await #expect(throws: ControlFailure.self) {
            try await parts.take(.init(id: "a", part: 2), of: Self.root, at: Self.at(0))
        }
        await #expect(throws: ControlFailure.self) {
            try await parts.keep(Self.part("a", 2), of: Self.root, at: Self.at(0))
        }
        try await parts.keep(Self.part("a", 1), of: Self.root, at: Self.at(0))
        await #expect(throws: ControlFailure.self) {
            try await parts.keep(Self.part("a", 3), of: Self.root, at: Self.at(0))
        }
        await #expect(throws: ControlFailure.self) {
            try await parts.take(.init(id: "a", part: 2), of: Peer(uid: 7), at: Self.at(0))
        }
        await #expect(throws: ControlFailure.self) {
            try await parts.take(.init(id: "a", part: 3), of: Self.root, at: Self.at(0))
        }
        #expect(try await parts.take(.init(id: "a", part: 2), of: Self.root, at: Self.at(0)).count == 1)
        // What was taken is gone.
        await #expect(throws: ControlFailure.self) {
            try await parts.take(.init(id: "a", part: 2), of: Self.root, at: Self.at(0))
        }
        #expect(try await parts.take(nil, of: Self.root, at: Self.at(0)).isEmpty)
    }

    @Test func oneImportAtATimeUnlessItHasGoneQuiet() async throws {
        let parts = RegisterParts()
        try await parts.keep(Self.part("a", 1), of: Self.root, at: Self.at(0))
        await #expect(throws: ControlFailure.self) {
            try await parts.keep(Self.part("b", 1), of: Self.root, at: Self.at(59))
        }
        try await parts.keep(Self.part("b", 1), of: Self.root, at: Self.at(60))
        await #expect(throws: ControlFailure.self) {
            try await parts.take(.init(id: "a", part: 2), of: Self.root, at: Self.at(61))
        }
        let own = try await parts.take(.init(id: "b", part: 2), of: Self.root, at: Self.at(61))
        #expect(own.map(\.key) == ["b"])
    }
}
