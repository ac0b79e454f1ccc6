import Audit
import Control
import ControlAPI
import Enforcement
import Evidence
import PolicyLanguage
import Sessions
import Store
import Testing

@testable import gatehouse

/// What the record says of people who order something: who they are, and by which role they may.
@Suite struct OrderRecordTests {
    private static func peer(_ role: Role?) -> Peer { Peer(uid: 4242, userName: "dora", role: role) }

    private static func report(
        _ device: String, dryRun: Bool = false, seen: String? = nil
    ) -> ControlMessages.PostureReportArguments {
        .init(
            device: device, antivirus: nil, patches: nil, diskEncryption: true, firewall: true,
            screenLockMinutes: nil, observedAt: seen, dryRun: dryRun)
    }

    /// Carried out or refused, each names who it was.
    @Test(arguments: Role.allCases) func everyOrderHasARole(role: Role) async throws {
        try await Gateway.with { gateway in
            let (handlers, dora) = (gateway.handlers, Self.peer(role))
            let alice = ControlMessages.DisconnectArguments(
                session: nil, user: "alice", device: nil, reason: "left")
            _ = try await handlers.disconnect(alice, dora)
            _ = try await handlers.readmit(alice, dora)
            _ = try? await handlers.readmit(alice, dora)
            _ = try await handlers.setStatus(
                .init(device: "laptop-1", status: "lost", reason: "train"), dora)
            _ = try await handlers.state(
                .init(
                    statements: [.init(kind: "user", key: "bob", fields: ["groups": ["staff", "night"]])],
                    reason: "rota"), dora)
            _ = try? await handlers.forgetCodes(.init(user: "alice"), dora)
            _ = try await handlers.report(Self.report("laptop-1"), dora)
            _ = try await handlers.spotCheck(.init(seed: "a", sample: 1), dora)
            let orders = gateway.happenings.orders + gateway.record.entries
            #expect(
                orders.map { $0[.order] } == [
                    "disconnect", "readmit", "readmit", "state", "state", "forget-codes", "report-posture",
                    "spot-check",
                ])
            #expect(
                orders.map { $0[.outcome] } == [
                    "done", "done", "refused", "done", "done", "refused", "done", "done",
                ])
            for order in orders {
                #expect(order[.role] == role.rawValue && order[number: .uid] == 4242, "\(order)")
                #expect(order[.by] == "dora")
            }
        }
    }

    /// What nobody at the socket ordered has no role, and none is made up.
    @Test func whoeverHasNoRoleHasNone() async throws {
        try await Gateway.with { gateway in
            _ = try await gateway.enforcer.carryOut(.disconnect(.user("alice"), by: "an import", reason: "x"))
            _ = try await gateway.handlers.report(Self.report("laptop-1"), Self.peer(nil))
            for order in gateway.happenings.orders {
                #expect(order[.role] == nil && order[number: .uid] == nil && order[.by] != nil)
            }
            #expect(gateway.happenings.orders.count == 2)
        }
    }

    @Test(arguments: Role.allCases) func changesOfRulesHaveARole(role: Role) async throws {
        try await Gateway.with { gateway in
            _ = try await gateway.changes.reload(by: RuleChangeAuthor(Self.peer(role)))
            let entry = try #require(gateway.record.entries.last)
            #expect(entry.kind == .rules && entry[.role] == role.rawValue && entry[number: .uid] == 4242)
            #expect(entry[.by] == "dora")
        }
    }

    // MARK: Posture

    @Test func whatSomebodySawOnADeviceIsOnTheRecord() async throws {
        try await Gateway.with { gateway in
            try await gateway.open(Gateway.session(1, leaf: 1, user: "alice"), at: "10.8.0.2")
            let seen = "2026-11-21T10:00:00Z"
            let done = try await gateway.handlers.report(
                Self.report("laptop-1", seen: seen), Self.peer(.operator))
            #expect(done.isTrial != true)
            let entry = try #require(gateway.happenings.orders.last)
            #expect(entry[.order] == "report-posture" && entry[.subject] == "device laptop-1")
            #expect(
                entry[list: .changes] == [
                    "disk-encryption: on, seen 2026-11-21T10:00:00Z",
                    "firewall: on, seen 2026-11-21T10:00:00Z",
                ])
            #expect(await gateway.enforcer.postures["laptop-1"]?.firewall?.value == true)
        }
    }

    @Test(arguments: [
        ("laptop-9", nil, "no device 'laptop-9' on the register"),
        ("laptop-1", "2200-01-01T00:00:00Z", "disk-encryption: observed at 2200-01-01T00:00:00Z"),
    ])
    func whatIsRefusedIsOnTheRecordToo(device: String, seen: String?, why: String) async throws {
        try await Gateway.with { gateway in
            await #expect(throws: OrderRefusal.self) {
                try await gateway.handlers.report(Self.report(device, seen: seen), Self.peer(.operator))
            }
            let entry = try #require(gateway.happenings.orders.last)
            #expect(entry[.outcome] == "refused" && entry[.why]?.hasPrefix(why) == true)
            #expect(entry[.role] == "operator" && entry[.subject] == "device \(device)")
        }
    }

    /// What is tried out changes nothing; what devices report is in it by what it changes.
    @Test func othersAreNoOrders() async throws {
        try await Gateway.with { gateway in
            _ = try await gateway.handlers.report(
                Self.report("laptop-1", dryRun: true), Self.peer(.operator))
            var posture = DevicePosture()
            posture.firewall = .init(true, observedAt: SystemClock().now())
            let report = PostureReport(subject: .device("laptop-1"), reporter: "intune", posture: posture)
            _ = try #require(try await gateway.enforcer.take([report]).first?.get())
            #expect(gateway.happenings.orders.isEmpty)
        }
    }
}
