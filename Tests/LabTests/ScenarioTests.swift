import Lab
import NetworkTypes
import Testing

struct ScenarioTests {
    @Test func everyRowHasAnIdentifierOfItsOwn() {
        #expect(Set(Scenario.rows.map(\.id)).count == Scenario.rows.count)
    }

    /// IPv6 is not an afterthought: only what happens to a session as a whole has no family.
    @Test(arguments: Scenario.rows)
    func everyRowStandsInBothFamilies(_ row: Row) {
        let isOfTheSession: [Row.Subject] = [
            .login, .scan, .silence, .spotCheck, .acknowledgement, .record, .editedRecord,
        ]
        if isOfTheSession.contains(row.subject) || row.stage == .alerted {
            #expect(row.family == nil)
        } else {
            let twins = Scenario.rows.filter {
                $0.stage == row.stage && $0.actor == row.actor && $0.subject == row.subject
            }
            #expect(Set(twins.compactMap(\.family)) == Set(AddressFamily.allCases))
            #expect(Set(twins.map(\.expected)).count == 1)
        }
    }

    /// What the demonstration promises to show, a line each.
    @Test(arguments: [
        ("at-work/employee/crm/ipv6", "reached"), ("at-work/employee/internet-by-proxy/ipv4", "reached"),
        ("at-work/employee/internet-web/ipv6", "refused"), ("at-work/employee/internet-quic/ipv4", "refused"),
        ("at-work/employee/internet-ping/ipv6", "refused"),
        ("at-work/employee/internet-resolver/ipv4", "refused"),
        ("at-work/employee/gateway/ipv4", "refused"), ("at-work/employee/other-session/ipv6", "refused"),
        ("without-code/employee-without-code/portal/ipv4", "reached"),
        ("without-code/employee-without-code/internet-by-proxy/ipv6", "refused"),
        ("unregistered/unregistered/login", "login refused"), ("at-work/vendor/finance/ipv4", "reached"),
        ("at-work/vendor/crm/ipv6", "refused"), ("same-name/impostor/crm/ipv4", "refused"),
        ("same-name/employee/crm/ipv4", "reached"), ("stolen/thief/download/ipv4", "0 bytes after the cut"),
        ("stolen/thief/login", "login refused"), ("contract-ends/vendor/download/ipv6", "stops at the end"),
        ("contract-ends/vendor/finance/ipv4", "refused"), ("daemon-dead/employee/download/ipv4", "goes on"),
        ("daemon-dead/colleague/login", "login refused"), ("restarted/employee/listing/ipv4", "listed"),
        ("restarted/employee/download/ipv6", "goes on"), ("unprotected/employee/crm/ipv4", "refused"),
        ("put-right/employee/crm/ipv6", "reached"), ("not-compliant/employee/finance/ipv6", "refused"),
        ("compliant/employee/finance/ipv4", "reached"),
        ("revoked/colleague/download/ipv4", "0 bytes after the cut"),
        ("revoked/colleague/download/ipv6", "0 bytes after the cut"),
        ("revoked-by-poll/parks/download/ipv4", "0 bytes after the cut"),
        ("revoked-by-poll/parks/download/ipv6", "0 bytes after the cut"),
        ("revoked-by-poll/parks/acknowledgement", "kept before it is said"),
        ("evidence/assessed/device-loan/ipv4", "only while it holds"),
        ("stepped-up/assessed/tenant-code/ipv6", "from the code to its end"),
        ("stepped-up/assessed/spot-check", "drawn alike"),
        ("evidence-ends/assessed/posture-antivirus/ipv6", "stops at the end"),
        ("evidence-ends/assessed/download/ipv4", "goes on"),
        ("roaming/assessed/country-abroad/ipv4", "in its places only"),
        ("roaming/assessed/approval-travel/ipv6", "only while it holds"),
        ("not-handed/depot/login", "login refused"), ("certified/depot/login", "logged in"),
        ("certified/lookalike/login", "login refused"),
        ("certified/housing/certificate-email/ipv4", "reached"),
        ("certified/parks/certificate-email/ipv6", "refused"),
        ("list-overdue/housing/certificate-authority/ipv6", "stops at the end"),
        ("list-overdue/housing/download/ipv4", "goes on"),
        ("list-renewed/housing/certificate-extension/ipv4", "reached"),
        ("withdrawn/housing/download/ipv6", "0 bytes after the cut"),
        ("withdrawn/parks/download/ipv4", "goes on"), ("withdrawn/housing/login", "login refused"),
        ("audited/employee/flows/ipv6", "on the flow record"), ("audited/employee/record", "whole"),
        ("audited/employee/edited-record", "broken, line named"),
    ])
    func shows(_ id: String, _ expected: String) {
        #expect(Scenario.rows.first { $0.id == id }?.expected.rawValue == expected)
    }

    /// A class that reached nothing would pass every refusal: whoever is refused something over a tunnel reaches
    /// something over the same one.
    @Test(arguments: [Actor.employeeWithoutCode, .employee, .vendor, .parks])
    func whoIsRefusedAlsoReaches(_ actor: Actor) {
        let expectations = Set(Scenario.rows.filter { $0.actor == actor }.map(\.expected))
        #expect(expectations.isSuperset(of: [.refused, .reached]) || expectations.isSuperset(of: [.goesOn]))
    }

    @Test(arguments: Target.allCases, AddressFamily.allCases)
    func everyTargetCanBeExplained(_ target: Target, _ family: AddressFamily) throws {
        let address = target.fixedAddress(family) ?? Network.gatewayInTunnel(family)
        let destination = try #require(target.destination(family, at: address))
        #expect(destination.address.family == family)
        #expect(Destination(parsing: destination.description) == destination)
    }

    /// Through the proxy, the gateway sees a packet to the proxy.
    @Test func theProxyStandsForTheInternet() {
        let seen = Target.internetByProxy.destination(.ipv6, at: Network.Host.web.address(.ipv6))
        #expect(seen?.description == "[fd10:10::80]:3128/tcp")
    }
}
