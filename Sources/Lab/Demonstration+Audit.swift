import Foundation
import NetworkTypes

extension Demonstration {
    /// The record of everything that was done here, by daemons two of which were killed: it is whole, it has the
    /// employee's logins with their evidence, and a copy with one bit changed is not believed.
    func audited() async throws {
        for row in Scenario.rows(of: .audited) {
            switch row.subject {
            case .record: await ledger.record(try await record(), for: row)
            case .editedRecord: await ledger.record(try await editedRecord(), for: row)
            case .flows: await ledger.record(try await flows(row.family ?? .ipv4), for: row)
            default: await ledger.record(.notMeasured("nobody looks"), for: row)
            }
        }
    }

    private func record() async throws -> Outcome {
        let verified = try await audit(["verify", "--state", site.state, "--control", site.control])
        let logins = try await audit([
            "export", "--state", site.state, "--user", Person.alice.rawValue, "--kind", "admitted",
        ])
        let lines = logins.standardOutput.split(separator: "\n")
        let isExplained =
            !lines.isEmpty
            && lines.allSatisfy {
                $0.contains(#""evidence":["#) && $0.contains(#""rule":""#) && $0.contains(#""clauses":["#)
            }
        return Outcome(
            seen: "\(Self.firstLine(verified.standardOutput)); \(lines.count) logins of the employee",
            matches: verified.status == 0 && logins.status == 0 && isExplained)
    }

    private func editedRecord() async throws -> Outcome {
        let copy = URL(fileURLWithPath: site.path("audit-copy"))
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.copyItem(at: URL(fileURLWithPath: site.state + "/audit"), to: copy)
        let names = try FileManager.default.contentsOfDirectory(atPath: copy.path).sorted()
        guard let name = names.first else { return .notMeasured("there is no record") }
        let file = copy.appending(path: name)
        var bytes = try Data(contentsOf: file)
        let place = bytes.count / 2
        bytes[place] ^= 1
        try bytes.write(to: file)
        let line = bytes[..<place].count { $0 == 0x0A } + 1
        let verified = try await audit(["verify", "--state", copy.path])
        let said = Self.firstLine(verified.standardOutput)
        return Outcome(
            seen: said, matches: verified.status == 1 && said.hasPrefix("BROKEN: \(name):\(line), byte "))
    }

    /// The record of flows is one of its own, and has the assessment that it is kept by.
    private func flows(_ family: AddressFamily) async throws -> Outcome {
        let folder = site.state + "/flows"
        let verified = try await audit(["verify", "--state", folder])
        let flows = try await audit(["export", "--state", folder, "--user", Person.alice.rawValue])
        let address = Network.urlHost(Network.Host.crm.address(family))
        let lines = flows.standardOutput.split(separator: "\n").filter {
            $0.contains(#""destination":"\#(address):"#) && $0.contains(#""system":"crm"#)
        }
        let isRight = lines.allSatisfy {
            $0.contains(#""reference":"DPIA-LAB""#) && $0.contains(#""bytes":"#)
        }
        return Outcome(
            seen: "\(lines.count) minutes, \(Self.firstLine(verified.standardOutput))",
            matches: verified.status == 0 && flows.status == 0 && !lines.isEmpty && isRight)
    }

    private func audit(_ words: [String]) async throws -> Command.Output {
        try await Command([options.executablePath, "audit"] + words).bounded(seconds: 30).output()
    }

    private static func firstLine(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }
}
