import Control
import ControlAPI
import Foundation
import Netfilter
import NetworkTypes
import PolicyDifference
import Sessions
import Store
import Testing

@testable import gatehouse

/// `gatehouse plan NEW --live` against a daemon with sessions and open connections.
@Suite struct LivePlanTests {
    private static func connection(
        _ source: String, _ destination: String
    ) throws -> TrackedConnection {
        TrackedConnection(
            source: try #require(IPAddress(source)), sourcePort: 4_000,
            destination: try #require(Destination(parsing: destination)))
    }

    private static func ask(_ gateway: Gateway, _ folder: String) async throws
        -> ControlMessages.LivePlanAnswer
    {
        let requests = try SentPack.requests(folder)
        return try await gateway.client.call(
            ControlOperations.plan,
            ControlMessages.PlanArguments(name: "new", pieces: requests.pieces, batch: requests.batch))
    }

    @Test func sessionsThatMoveAreNamedWithTheirConnections() async throws {
        try await ApplyTests.withNew { gateway, new in
            try await gateway.open(Gateway.session(2, leaf: 2, user: "bob"), at: "10.8.0.3")
            let known = [
                // Closes; stays open; never was; of another session, to which nothing happens; of nobody.
                try Self.connection("10.8.0.2", "10.10.0.20:443/tcp"),
                try Self.connection("10.8.0.2", "10.10.0.90:443/tcp"),
                try Self.connection("10.8.0.2", "10.10.0.77:443/tcp"),
                try Self.connection("10.8.0.3", "10.10.0.90:443/tcp"),
                try Self.connection("10.8.0.9", "10.10.0.20:443/tcp"),
            ]
            gateway.connections.set(KnownConnections(connections: Set(known)))
            let before = try gateway.store.ruleChanges()
            let answer = try await Self.ask(gateway, new)
            #expect(answer.sessions == 2 && answer.connectionsUnknown == nil)
            let moved = try #require(answer.moved.first)
            #expect(answer.moved.count == 1 && moved.movement.name == "office/1")
            #expect(moved.user == "alice" && moved.device == "laptop-1")
            #expect(moved.movement.from == "managed" && moved.movement.to == "managed")
            #expect(moved.movement.closes.map(\.system) == ["crm"] && moved.movement.opens.isEmpty)
            #expect(moved.cut.map(\.destination) == ["10.10.0.20:443/tcp"] && moved.kept == 2)
            #expect(moved.cut.map(\.source) == ["10.8.0.2:4000/tcp"])
            let text = LivePlanText.render(answer)
            #expect(text.contains("live sessions: 1 of 2 affected"))
            #expect(text.contains("office/1 alice on laptop-1: stays in managed"))
            #expect(text.contains("  cuts 10.8.0.2:4000/tcp to 10.10.0.20:443/tcp"))
            // Nothing is changed by it.
            #expect(try gateway.store.ruleChanges() == before)
            #expect(await gateway.scope(of: 1) == ["crm", "portal"])
        }
    }

    @Test func aSessionThatLosesEverythingIsCut() async throws {
        var new = Gateway.pack()
        new["devices.csv"] = new["devices.csv"]?.replacing("alice,laptop,in-use", with: "alice,laptop,stolen")
        try await ApplyTests.withNew(new) { gateway, folder in
            let answer = try await Self.ask(gateway, folder)
            let moved = try #require(answer.moved.first)
            #expect(moved.movement.isCut && moved.movement.to == "lost")
            #expect(moved.movement.closes.map(\.system) == ["crm", "portal"])
            #expect(LivePlanText.render(answer).contains("managed to lost, CUT"))
            #expect(await gateway.className(of: 1) == "managed")
        }
    }

    /// What the plan says is what the change does.
    @Test func theChangeDoesWhatThePlanSays() async throws {
        try await ApplyTests.withNew { gateway, new in
            for client in UInt64(2)...4 {
                let leaf = UInt8(client % 2 + 1)
                try await gateway.open(
                    Gateway.session(client, leaf: leaf, user: "u\(client)"), at: "10.8.1.\(client)")
            }
            let planned = try await Self.ask(gateway, new).moved.map(\.movement.name)
            let done = try await gateway.apply(new, "RFC-1").done.moved?.map(\.session) ?? []
            #expect(Set(planned) == Set(done) && !planned.isEmpty)
        }
    }

    @Test func theEndSaysWhetherSomethingWouldHappen() async throws {
        try await ApplyTests.withNew { gateway, new in
            gateway.connections.set(KnownConnections(unknown: "no right to"))
            #expect(await gateway.run("plan", new, "--live") == 1)
            #expect(await gateway.run("plan", new, "--live", "--json") == 1)
            #expect(await gateway.run("plan", gateway.rules, "--live") == 0)
            #expect(await gateway.run("plan", new, "--against", gateway.rules) == 1)
            #expect(await gateway.run("plan", new, "--against", new) == 0)
            #expect(await gateway.run("plan", new) == 64)
            #expect(await gateway.run("plan", new, "--live", "--against", new) == 64)
            try Gateway.write(["policy.yaml": "?"], to: new)
            #expect(await gateway.run("plan", new, "--live") == 2)
            #expect(await gateway.run("plan", gateway.folder + "/nowhere", "--live") == 2)
            let answer = try await Self.ask(gateway, gateway.rules)
            #expect(LivePlanText.render(answer).contains("open connections are not all known: no right to"))
        }
    }
}
