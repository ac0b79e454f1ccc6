package import Evidence
import PolicyLanguage
import Sessions

/// Which state of the registers somebody has read. It moves with every statement that is taken and every reload, so that
/// whoever plans a change by what was read can have it refused when something came in between.
package struct RegisterRevision: Sendable, Hashable {
    /// When the process began that counts: what another one counted says nothing here.
    private let epoch: Instant
    private var count: UInt64

    init(epoch: Instant) {
        self.epoch = epoch
        count = 0
    }

    mutating func move() { count += 1 }
}

/// For the control protocol; whoever is told keeps it as it is.
extension RegisterRevision: LosslessStringConvertible {
    package var description: String { "\(epoch.nanosecondsSince1970)/\(count)" }

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = Int64(parts[0]), let count = UInt64(parts[1]) else { return nil }
        self.epoch = Instant(nanosecondsSince1970: epoch)
        self.count = count
    }
}

/// The registers of one instant, with where they come from: all that is read of it goes together.
package struct RegisterView: Sendable {
    /// As they are in force.
    package let registers: Registers
    /// What was stated on top of the rule files.
    package let facts: RegisterFacts
    package let revision: RegisterRevision
    private let files: Registers

    init(registers: Registers, facts: RegisterFacts, revision: RegisterRevision, files: Registers) {
        self.registers = registers
        self.facts = facts
        self.revision = revision
        self.files = files
    }

    /// What is stated of lines that are not in force, since they are not whole: of a device that left the rule files,
    /// say, that it is stolen.
    package func unwholeLines(of kind: RegisterKind) -> [String: RegisterFields] {
        var lines: [String: RegisterFields] = [:]
        for subject in facts.subjects where subject.kind == kind {
            guard registers.fields(of: subject) == nil else { continue }
            lines[subject.key] = facts.fields(of: subject, over: files)
        }
        return lines
    }
}

extension Enforcer {
    package var registerView: RegisterView {
        RegisterView(
            registers: state.registers, facts: state.facts, revision: state.registerRevision,
            files: state.policy.registers)
    }
}
