import Evidence
import Sessions

/// What loans and approvals refer to. All of it warnings: a device or a person may be registered by command, and what is
/// over refers to what may be gone.
struct RegisterChecks {
    private let names: PackNames
    private let labels: [String: SourceLocation?]
    private let now: Instant
    private let log: DiagnosticLog

    /// - Parameter labels: without a list of labels in the pack, the words that systems have.
    init(names: PackNames, labels: Set<String>, now: Instant, log: DiagnosticLog) {
        self.names = names
        self.labels = Dictionary(uniqueKeysWithValues: labels.map { ($0, SourceLocation?.none) })
        self.now = now
        self.log = log
    }

    func run(_ lines: [RegisterLine]) {
        for line in lines where isOpen(line) {
            switch line.subject.kind {
            case .device, .user: break
            case .loan:
                check(.device, "device", of: line)
                check(.user, "user", of: line)
            case .approval:
                check(.user, "user", of: line)
                check(.system, "systems", of: line)
                checkLabels(of: line)
            }
        }
    }

    private func isOpen(_ line: RegisterLine) -> Bool {
        line.fields["until"]?.first.flatMap(TimeText.timestamp).map { now < $0 } ?? true
    }

    private func check(_ kind: PackNames.Kind, _ field: String, of line: RegisterLine) {
        guard let range = line.ranges[field], !names.isUnsure(kind), !names.all(kind).isEmpty else { return }
        for name in line.fields[field] ?? [] where !names.has(kind, name) {
            let message: DiagnosticMessage =
                kind == .user ? .unknownUser(name) : .unknownName(kind.rawValue, name, in: "\(line.subject)")
            log.addUnknown(message, name, at: range, among: names.all(kind))
        }
    }

    private func checkLabels(of line: RegisterLine) {
        guard let range = line.ranges["labels"], !names.isUnsure(.system), !names.isUnsure(.label) else {
            return
        }
        for label in line.fields["labels"] ?? [] where labels[label] == nil {
            log.addUnknown(
                .unknownName("label", label, in: "\(line.subject)"), label, at: range, among: labels)
        }
    }
}
