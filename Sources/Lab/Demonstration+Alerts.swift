import Foundation
import NetworkTypes

extension Demonstration {
    /// What was seen while the receiver was down arrives now that it is back; what is seen now arrives at once. All of it
    /// signed, with the clause, and on the syslog socket.
    func alerted() async throws {
        try await driftByHand()
        if let parks = try await login(.parks, stage: .alerted) { try await goAbroad(parks) }
        for row in Scenario.rows(of: .alerted) {
            if case .alert(let topic) = row.subject {
                await ledger.record(await outcome(of: topic), for: row)
            }
        }
    }

    /// Somebody adds a rule to the daemon's own table.
    private func driftByHand() async throws {
        try await Command(
            in: .gateway, ["nft", "add", "rule", "inet", "gatehouse", "forward", "counter"]
        ).succeed()
    }

    /// The laptop leaves the country with its session; cut, it asks to come in again, and is refused.
    private func goAbroad(_ client: VPNClient) async throws {
        try await Command([
            "ip", "-n", client.actor.space.name, "route", "replace", "\(Network.server)/32", "dev", "outer0",
            "src", Whereabouts.abroadToo,
        ]).succeed()
        // Something to be followed by: an idle client would be noticed at its next packet.
        _ = try await Sweep.run([Sweep.Door(Rung.certified[0], .ipv4)], from: client.actor.space)
        _ = try? await Wait.forValue("the refusal abroad", within: .seconds(40)) {
            alerts.messages(of: AlertTopic.refusedAbroad.rawValue).first
        }
        await children.end(client.process)
    }

    private func outcome(of topic: AlertTopic) async -> Outcome {
        let kind = topic.rawValue
        // The assessed laptop was seen scanning too, while the receiver was there.
        let scanner = topic == .scan ? Actor.colleague.person.rawValue : nil
        let told = {
            alerts.requests.filter { request in
                request.content?.kind == kind
                    && (scanner == nil || request.content?.fields["user"] == scanner)
            }
        }
        try? await Wait.until("the alert", within: .seconds(75), every: .milliseconds(200)) {
            !told().isEmpty
        }
        let (requests, messages) = (told(), alerts.messages(of: kind))
        guard let first = requests.first, let content = first.content else {
            return Outcome(seen: "not told; \(messages.count) on the socket", matches: false)
        }
        let isSigned = requests.allSatisfy(\.isSigned)
        let isCited =
            content.clauses.contains(topic.clause)
            && messages.contains { $0.contains(" clause=\"\(topic.clause)\"") }
        let inBoth = messages.contains { $0.contains(" alert=\"\(first.id)\"") }
        return Outcome(
            seen: "told\(isSigned ? ", signed" : ", NOT signed")\(inBoth ? ", both sinks" : ", one sink")",
            matches: isSigned && isCited && inBoth,
            decidedBy: content.clauses.joined(separator: ", "))
    }
}
