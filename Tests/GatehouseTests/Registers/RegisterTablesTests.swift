import Evidence
import Foundation
import Sessions
import Store
import Testing

@testable import gatehouse

/// Registers, moves, posture and evidence as people read them, and as programs do.
@Suite struct RegisterTablesTests {
    private static let now = Instant(secondsSince1970: 1_795_255_200)  // 2026-11-21T10:00:00Z

    private static func fact(
        _ field: String, _ value: [String], over: [String]?, reason: String = ""
    ) -> RegisterFact {
        RegisterFact(
            subject: RegisterSubject(.device, "laptop-1"), field: field, value: value,
            at: now - .seconds(3600),
            by: "erin", reason: reason, over: over)
    }

    private static let lines = [
        ControlMessages.RegisterLineMessage(
            key: "laptop-1",
            fields: [
                "digest": [String(repeating: "0", count: 64)], "kind": ["laptop"], "status": ["in-use"],
                "owner": ["alice"],
            ],
            stated: []),
        ControlMessages.RegisterLineMessage(
            key: "pool-01",
            fields: [
                "kind": ["pool"], "status": ["lost"], "last-on-site": ["2026-11-01T00:00:00Z"],
            ], stated: []),
    ]

    @Test func listHasAColumnForEachFieldThatIsStated() {
        let expected = """
            ID        OWNER  KIND    STATUS  LAST ON SITE
            laptop-1  alice  laptop  in-use  -
            pool-01   -      pool    lost    2026-11-01T00:00:00Z
            """
        #expect(RegisterTables.list(Self.lines, .device) == expected)
    }

    @Test func listsOfValuesAreInOneCell() {
        let line = ControlMessages.RegisterLineMessage(
            key: "alice", fields: ["groups": ["finance", "staff"], "steps": ["training"]], stated: [])
        let expected = """
            NAME   GROUPS         STEPS
            alice  finance,staff  training
            """
        #expect(RegisterTables.list([line], .user) == expected)
    }

    @Test func oneLineIsToldInFull() {
        let facts = [
            Self.fact("owner", ["bob"], over: ["alice"], reason: "new\u{202E}owner"),
            Self.fact("serial", [], over: ["X-1"]),
            Self.fact("status", ["lost"], over: nil),
            Self.fact("managed", ["true"], over: []),
        ]
        let line = ControlMessages.RegisterLineMessage(
            key: "laptop-1",
            fields: ["kind": ["laptop"], "owner": ["bob"], "status": ["lost"], "managed": ["true"]],
            stated: facts.map(ControlMessages.StatedField.init))
        let history = ControlMessages.RegisterHistory(
            line: line,
            facts: [
                .init(.init(fact: Self.fact("managed", ["false"], over: []), overtakenAt: Self.now)),
                .init(.init(fact: Self.fact("serial", [], over: ["X-1"], reason: "stolen plate"))),
            ])
        let expected = """
            device laptop-1

            FIELD         VALUE   FROM
            digest        -       -
            key           -       -
            serial        -       taken back by erin at 2026-11-21T09:00:00Z, over X-1
            owner         bob     stated by erin at 2026-11-21T09:00:00Z, over alice: new\u{FFFD}owner
            organisation  -       -
            kind          laptop  rule files
            managed       true    stated by erin at 2026-11-21T09:00:00Z, over nothing
            status        lost    stated by erin at 2026-11-21T09:00:00Z
            last-on-site  -       -

            STATED AT             BY    FIELD    VALUE         FILES AGAIN           REASON
            2026-11-21T09:00:00Z  erin  managed  false         2026-11-21T10:00:00Z  -
            2026-11-21T09:00:00Z  erin  serial   (not stated)  -                     stolen plate
            """
        #expect(RegisterTables.show(history, .device, "laptop-1") == expected)
    }

    @Test func lineThatIsNotInForceHasItsHistory() {
        let history = ControlMessages.RegisterHistory(
            line: nil, facts: [.init(.init(fact: Self.fact("status", ["stolen"], over: [])))])
        let expected = """
            device laptop-1: not on the register

            STATED AT             BY    FIELD   VALUE   FILES AGAIN  REASON
            2026-11-21T09:00:00Z  erin  status  stolen  -            -
            """
        #expect(RegisterTables.show(history, .device, "laptop-1") == expected)
    }

    // MARK: Moves

    private static func move(
        _ session: String, from: String?, to: String?, _ scope: [String], isCut: Bool = false
    ) -> ControlMessages.Move {
        let json: [String: Any?] = [
            "session": session, "user": "alice", "from": from, "to": to, "scope": scope, "isCut": isCut,
        ]
        let data = try? JSONSerialization.data(withJSONObject: json.compactMapValues(\.self))
        guard let data, let move = try? JSONDecoder().decode(ControlMessages.Move.self, from: data) else {
            preconditionFailure("a move that is no JSON")
        }
        return move
    }

    private static let moves = [
        move("office/1", from: "managed", to: nil, [], isCut: true),
        move("office/21", from: "managed", to: "bare", ["dns", "portal"]),
    ]

    private static func done(_ moves: [ControlMessages.Move]?, isTrial: Bool) -> ControlMessages.OrderDone {
        .init(cut: [], moved: moves, isTrial: isTrial, committedAt: 0)
    }

    @Test func movesAreListedAndTheCutOnesStandOut() {
        let expected = """
            2 sessions moved, 1 of them cut
            SESSION    USER   FROM     TO    REACHES
            office/1   alice  managed  CUT   nothing
            office/21  alice  managed  bare  dns portal
            """
        #expect(MoveText.render(Self.done(Self.moves, isTrial: false)) == expected)
    }

    @Test func trialSaysWould() {
        let expected = """
            a dry run, nothing was changed: 2 sessions would move, 1 of them would be cut
            SESSION    USER   FROM     TO    REACHES
            office/1   alice  managed  CUT   nothing
            office/21  alice  managed  bare  dns portal
            """
        #expect(MoveText.render(Self.done(Self.moves, isTrial: true)) == expected)
        #expect(
            MoveText.render(Self.done([], isTrial: true))
                == "a dry run, nothing was changed: no session would move")
        #expect(MoveText.render(Self.done(nil, isTrial: false)) == "no session moved")
        var named = Self.done([], isTrial: false)
        named.reference = "loan-pool-1-20261121-1"
        #expect(MoveText.render(named) == "loan-pool-1-20261121-1: no session moved")
    }

    // MARK: Posture and evidence

    private static let posture: [ControlMessages.PostureLine] = {
        var full = DevicePosture()
        full.antivirus = .init(now - .seconds(86_400 + 7200), observedAt: now - .seconds(600))
        full.diskEncryption = .init(true, observedAt: now - .seconds(3 * 86_400))
        full.screenLockMinutes = .init(0, observedAt: now)
        return [
            .init(device: "laptop-1", items: full.items.map(ControlMessages.PostureItem.init)),
            .init(device: "laptop-2", items: []),
        ]
    }()

    @Test func postureTellsAgesAndTheOldestItem() {
        let expected = """
            DEVICE    ANTIVIRUS  PATCHES  DISK  FIREWALL  LOCK   OLDEST
            laptop-1  1d 2h old  -        on    -         never  disk-encryption, 3d 0h ago
            laptop-2  -          -        -     -         -      -
            """
        #expect(PostureText.list(Self.posture, at: Self.now) == expected)
    }

    @Test func postureOfOneDevice() {
        let expected = """
            device laptop-1

            ITEM             VALUE      SEEN AT               SEEN
            antivirus        1d 2h old  2026-11-21T09:50:00Z  10m 0s ago
            disk-encryption  on         2026-11-18T10:00:00Z  3d 0h ago
            screen-lock      never      2026-11-21T10:00:00Z  0s ago
            """
        #expect(PostureText.show(Self.posture[0], at: Self.now) == expected)
    }

    @Test func evidenceIsATableOfFacts() {
        let list = ControlMessages.EvidenceList(
            session: "office/1",
            facts: [
                .init(kind: "user", what: "name", value: "alice"),
                .init(
                    kind: "loan", what: "L-1", value: "alice", at: "2026-11-20T00:00:00Z",
                    until: "2026-11-28T00:00:00Z"),
            ])
        let expected = """
            KIND  WHAT  VALUE  AT                    UNTIL
            user  name  alice  -                     -
            loan  L-1   alice  2026-11-20T00:00:00Z  2026-11-28T00:00:00Z
            """
        #expect(EvidenceTable.render(list) == expected)
    }

    @Test func secretIsShownForTyping() {
        let text = EnrolmentText.render(
            .init(user: "alice", uri: "otpauth://totp/VPN:alice?secret=ABCDEFGHIJ", secret: "ABCDEFGHIJ"), nil
        )
        #expect(
            text == """
                otpauth://totp/VPN:alice?secret=ABCDEFGHIJ

                or typed in: ABCD EFGH IJ

                It is not shown again.
                """)
    }

    // MARK: Names and ends

    @Test func referencesOfADayAreNumbered() {
        let taken: Set = ["loan-pool-1-20261121-1", "loan-pool-1-20261121-2", "loan-pool-2-20261121-3"]
        #expect(
            References.free("loan", "pool-1", at: Self.now, taken: taken) == "loan-pool-1-20261121-3")
        #expect(References.free("loan", "pool-9", at: Self.now, taken: taken) == "loan-pool-9-20261121-1")
    }

    @Test func nothingEndsBeforeItBegan() {
        #expect(References.end(at: Self.now, from: Self.now) == Self.now + .seconds(1))
        #expect(References.end(at: Self.now, from: Self.now - .seconds(5)) == Self.now)
    }

    @Test func approvalThatHasNotBegunIsTakenOffAndOneThatHasEnds() throws {
        func line(from: String, until: String) -> ControlMessages.RegisterLineMessage {
            .init(key: "A-1", fields: ["from": [from], "until": [until]], stated: [])
        }
        let running = try ApprovalCommand.End.statement(
            line(from: "2026-11-01T00:00:00Z", until: "2026-12-01T00:00:00Z"), at: Self.now)
        #expect(running.fields == ["until": ["2026-11-21T10:00:00Z"]])
        let coming = try ApprovalCommand.End.statement(
            line(from: "2026-11-30T00:00:00Z", until: "2026-12-01T00:00:00Z"), at: Self.now)
        #expect(
            coming.fields
                == Dictionary(uniqueKeysWithValues: RegisterKind.approval.fields.map { ($0.name, []) }))
        #expect(throws: (any Error).self) {
            try ApprovalCommand.End.statement(
                line(from: "2026-11-01T00:00:00Z", until: "2026-11-21T10:00:00Z"), at: Self.now)
        }
    }

    // MARK: JSON

    /// What is printed with `--json` is read again as it was.
    @Test func messagesSurviveJSON() throws {
        let history = ControlMessages.RegisterHistory(
            line: Self.lines[0],
            facts: [.init(.init(fact: Self.fact("owner", ["bob"], over: nil), overtakenAt: Self.now))])
        try Self.roundTrip(history)
        try Self.roundTrip(ControlMessages.RegisterList(lines: Self.lines))
        try Self.roundTrip(Self.done(Self.moves, isTrial: true))
        try Self.roundTrip(ControlMessages.PostureList(devices: Self.posture))
        try Self.roundTrip(ControlMessages.Enrolment(user: "alice", uri: "otpauth://x", secret: "ABC"))
    }

    private static func roundTrip<Message: Codable>(_ message: Message) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let once = try encoder.encode(message)
        let twice = try encoder.encode(JSONDecoder().decode(Message.self, from: once))
        #expect(String(decoding: once, as: UTF8.self) == String(decoding: twice, as: UTF8.self))
    }
}
